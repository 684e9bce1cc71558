"""Many calls at once in one worker process: ``python -m bench.llm``.

A provider on this machine takes 5 s for an answer, and one worker process keeps 64 jobs in
flight. The floor is what that allows at most: 64 jobs every 5 s. Jobs are counted from the
first that completes to the last, as the ``WatchJobs`` feed tells them; server, PostgreSQL,
RabbitMQ, provider and this process share the machine with the worker.

The figures that have an aim are those of ``GRADING_SCORERS=evidence``, which loads no
language model. With ``--both`` the features are measured too, in processes beside the worker.
"""

import argparse
import asyncio
import os
import re
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grpc import aio

from bench.broker import private_rabbit
from bench.completions import completions
from bench.ground import Ground, ground
from bench.histogram import quantile
from bench.processor_time import Processes
from bench.report import Aim, Bound, Figure, Report
from embedded.ports import free_port
from tests.stack.waiting import until
from vstep.grading.v1.grading_service_pb2 import BatchSubmitJobsRequest, SubmitJobRequest
from vstep.grading.v1.job_pb2 import Prompt, WritingTask, WritingWork

BATCH_METHOD = "/vstep.grading.v1.GradingService/BatchSubmitJobs"
IN_FLIGHT = 64
ANSWER_SECONDS = 5.0
#: Rounds of 64 jobs; the first one is not counted, since it begins with the worker.
ROUNDS = 8
#: Short, so that leases are renewed while the provider is waited for.
LEASE_SECONDS = 3.0
RUN_SECONDS = 300.0
_ESSAYS = Path(__file__).parent.parent / "embedded" / "essays"
_KEY = "a-key-of-this-machine"


@dataclass(frozen=True)
class Stack:
    """The running processes."""

    address: str
    worker: int
    metrics: str
    processes: Processes


def _requests(jobs: int) -> bytes:
    essay = (_ESSAYS / "b2.txt").read_text(encoding="utf-8")
    prompt = Prompt(
        text=(_ESSAYS / "prompt.txt").read_text(encoding="utf-8").strip(),
        requirements=(_ESSAYS / "requirements.txt").read_text(encoding="utf-8").split("\n")[:3],
    )
    return BatchSubmitJobsRequest(
        requests=[
            SubmitJobRequest(
                request_id=str(uuid.uuid4()),
                submission_id=f"llm-{number}",
                attempt=1,
                user_id="bench",
                prompt=prompt,
                writing=WritingWork(
                    task=WritingTask.WRITING_TASK_ESSAY, text=f"{essay}\n\nThis is copy {number}."
                ),
            )
            for number in range(jobs)
        ]
    ).SerializeToString()


@contextmanager
def _provider(base: Ground) -> Iterator[tuple[str, int]]:
    """Run the provider; gives its URL and its process."""
    file = base.folder / "provider"
    with base.process(["bench.slow_provider", str(ANSWER_SECONDS), str(file)]) as pid:
        until(file.exists, 30)
        yield file.read_text(), pid


@contextmanager
def _stack(scorers: str) -> Iterator[Stack]:
    with (
        private_rabbit() as rabbit,
        rabbit.virtual_host() as broker_url,
        ground(broker_url) as base,
        _provider(base) as (provider_url, provider),
        base.server_process() as server,
    ):
        port = free_port()
        variables = {
            "OPENAI_API_KEY": _KEY,
            "OPENAI_BASE_URL": provider_url,
            "GRADING_SCORERS": scorers,
            "GRADING_LEASE_SECONDS": str(LEASE_SECONDS),
            "WORKER_CONCURRENCY": str(IN_FLIGHT),
            "WORKER_METRICS_PORT": str(port),
        }
        with base.worker("workers.app", "--queues", "writing", **variables) as worker:
            metrics = f"http://127.0.0.1:{port}/metrics"
            until(lambda: _told(metrics), 60)
            assert rabbit.pid is not None
            leaders = {
                "server": server.pid,
                "worker": worker,
                "provider": provider,
                "rabbitmq": rabbit.pid,
            }
            yield Stack(server.address, worker, metrics, Processes(base, leaders))


def _told(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
            return str(answer.read().decode())
    except OSError:
        return ""


async def _rate(address: str) -> tuple[float, int]:
    """Jobs a second, and how many were counted."""
    jobs = ROUNDS * IN_FLIGHT
    async with aio.insecure_channel(address) as channel, asyncio.timeout(RUN_SECONDS):
        submit: aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(BATCH_METHOD)
        await submit(_requests(jobs), timeout=30)
        ended: list[float] = []
        async for _ in completions(channel):
            ended.append(time.monotonic())
            if len(ended) == jobs:
                break
    counted = ended[IN_FLIGHT:]
    # From the end of the first round: what completes in a time began before it.
    return len(counted) / (counted[-1] - ended[IN_FLIGHT - 1]), len(counted)


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure(scorers: str) -> Report:
    """Measure one worker process."""
    with _stack(scorers) as stack:
        before = stack.processes.spent()
        rate, counted = asyncio.run(_rate(stack.address))
        spent = stack.processes.spent()
        resident = _resident_mb(stack.worker)
        told = _told(stack.metrics)
    late = quantile(told, "vstep_lease_renewal_late_seconds", 0.99)
    renewals = re.search(r"^vstep_lease_renewal_late_seconds_count (\S+)", told, re.MULTILINE)
    jobs = ROUNDS * IN_FLIGHT
    floor = IN_FLIGHT / ANSWER_SECONDS
    figures: dict[str, Figure] = {
        "scorers": scorers,
        "jobs_counted": counted,
        "most_possible_per_s": floor,
        "share_of_possible": rate / floor,
        "lease_renewals": int(float(renewals[1])) if renewals else 0,
    }
    for name, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        if (used := 1000 * (seconds - before.get(name, 0)) / jobs) >= 0.05:
            figures[f"{name}_cpu_ms_per_job"] = used
    aims = (
        Aim("jobs_per_s_per_process", rate, 10, Bound.AT_LEAST),
        Aim("mb_per_process", resident, 250, Bound.AT_MOST, "MB"),
        Aim("lease_renewal_late_ms", 1000 * late, 500, Bound.AT_MOST, "ms (p99)"),
    )
    return Report("One worker process that waits for a model", figures, aims)


def main() -> None:
    """Measure, print the table, and with ``--json`` one object on the last line."""
    parser = argparse.ArgumentParser(prog="python -m bench.llm", description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--both", action="store_true", help="measure the features too")
    arguments = parser.parse_args()
    measure("both" if arguments.both else "evidence").show(as_json=arguments.json)


if __name__ == "__main__":
    main()
