"""Jobs a second from submission to COMPLETED, against Celery's bare no-op tasks.

``python -m bench.pipeline``. One server and one worker process with an instant
grader; RabbitMQ and PostgreSQL share the machine with them and with the client,
which submits in batches and sees the ends on the ``WatchJobs`` feed. The floor is
a task that does nothing, published from this process to a worker as Celery starts it
by itself, with a child for each core, on the same RabbitMQ. Both clocks run from the
first submission to the last end. Floor and pipeline take turns, and the aim is the
median of the rounds' ratios.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from celery import Celery
from grpc import aio

from bench.bare_worker import TASK, make_bare
from bench.broker import private_rabbit
from bench.command import run
from bench.completions import completions
from bench.ground import ground
from bench.processor_time import Processes
from bench.report import Aim, Bound, Figure, Report
from bench.submissions import BATCH, BATCH_METHOD, batches

#: One process that grades, with many jobs in flight: as graders run that wait for a
#: provider.
POOL = ("--pool", "threads", "--concurrency", "32")
ROUNDS = 3
WARM_UP_BATCHES = 1
#: Batches to a round of the pipeline, and tasks to a round of the floor.
BATCHES, TASKS = 10, 8000
AIM = 0.25
#: A round that takes longer has lost something.
ROUND_SECONDS = 120.0


@dataclass(frozen=True)
class Floor:
    """A bare worker, and how to give it tasks."""

    celery: Celery
    #: The file to which each task adds a byte.
    count: Path

    def rate(self, tasks: int) -> float:
        """Tasks a second, from the first one published to the last one run."""
        before = self._ran()
        started = time.perf_counter()
        with self.celery.producer_pool.acquire(block=True) as producer:
            for _ in range(tasks):
                self.celery.send_task(TASK, producer=producer)
        while self._ran() < before + tasks:
            if time.perf_counter() > started + ROUND_SECONDS:
                raise SystemExit(f"{self._ran() - before} of {tasks} bare tasks ran")
            time.sleep(0.002)
        return tasks / (time.perf_counter() - started)

    def _ran(self) -> int:
        return self.count.stat().st_size if self.count.exists() else 0


async def pipeline_rate(
    channel: aio.Channel, requests: Sequence[bytes], completed: AsyncIterator[str]
) -> float:
    """Jobs a second, from the first batch submitted to the last end seen."""
    submit: aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(BATCH_METHOD)
    jobs = len(requests) * BATCH
    started = time.perf_counter()

    async def submit_all() -> None:
        for request in requests:
            await submit(request, timeout=30)

    async with asyncio.timeout(ROUND_SECONDS), asyncio.TaskGroup() as group:
        group.create_task(submit_all())
        for _ in range(jobs):
            await anext(completed)
    return jobs / (time.perf_counter() - started)


async def _rounds(
    address: str, floor: Floor, processes: Processes
) -> tuple[list[tuple[float, float]], dict[str, float]]:
    """Rates of floor and pipeline for each round, and what the pipeline's took by process."""
    rates = []
    spent: dict[str, float] = {}
    prepared = batches("pipeline")
    async with aio.insecure_channel(address) as channel:
        completed = completions(channel)
        await pipeline_rate(channel, list(itertools.islice(prepared, WARM_UP_BATCHES)), completed)
        await asyncio.to_thread(floor.rate, TASKS // 10)
        for _ in range(ROUNDS):
            bare = await asyncio.to_thread(floor.rate, TASKS)
            requests = list(itertools.islice(prepared, BATCHES))
            before = processes.spent()
            rates.append((bare, await pipeline_rate(channel, requests, completed)))
            for name, seconds in processes.spent().items():
                spent[name] = spent.get(name, 0) + seconds - before.get(name, 0)
    return rates, spent


@contextmanager
def _stack() -> Iterator[tuple[str, Floor, Processes]]:
    """Run all processes; gives the server's address, the floor, and what to take the time of."""
    with (
        private_rabbit() as rabbit,
        rabbit.virtual_host() as product_url,
        rabbit.virtual_host() as bare_url,
        ground(product_url) as base,
        base.server_process() as server,
        base.worker("bench.instant_worker", *POOL, "--queues", "writing") as worker,
    ):
        floor = Floor(make_bare(bare_url), base.folder / "count")
        variables = {"CELERY_BROKER_URL": bare_url, "BENCH_COUNT": str(floor.count)}
        with base.worker("bench.bare_worker", **variables):
            assert rabbit.pid is not None
            leaders = {"server": server.pid, "worker": worker, "rabbitmq": rabbit.pid}
            yield server.address, floor, Processes(base, leaders)


def measure() -> Report:
    """Measure floor and pipeline in turns."""
    with _stack() as (address, floor, processes):
        rates, spent = asyncio.run(_rounds(address, floor, processes))
    jobs = ROUNDS * BATCHES * BATCH
    figures: dict[str, Figure] = {
        "celery_per_s": median(bare for bare, _ in rates),
        "pipeline_per_s": median(jobs_rate for _, jobs_rate in rates),
        "jobs_completed": jobs,
    }
    for name, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        if seconds * 1000 / jobs >= 0.005:
            figures[f"{name}_cpu_ms_per_job"] = seconds * 1000 / jobs
    figures["cpu_ms_per_job"] = sum(spent.values()) * 1000 / jobs
    ratio = median(jobs_rate / bare for bare, jobs_rate in rates)
    aim = Aim("pipeline_vs_celery", ratio, AIM, Bound.AT_LEAST)
    return Report("From submission to COMPLETED, against bare Celery tasks", figures, (aim,))


if __name__ == "__main__":
    run(measure, __doc__)
