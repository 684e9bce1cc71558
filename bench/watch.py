"""2,000 open streams and one feed while 200 jobs a second finish. ``python -m bench.watch``.

Each stream watches a job of its own, and the jobs finish in the order in which their
streams were opened, so that the last ones had been open and quiet for the whole
measurement. A process of its own writes
what workers write of quick runs: four events a job in two transactions. The clock of an event
starts when its statement is sent and stops when its bytes are at the client. The
feed is unfiltered and brings every event of every job.

The memory of a stream is the server's private memory with all streams open and
nothing to tell, without what it had before, divided by their number.
"""

import asyncio
import itertools
import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from grpc import aio

from bench.command import run
from bench.finishing import finish
from bench.ground import Ground, Server, ground
from bench.load import percentile
from bench.processor_time import Processes
from bench.report import Aim, Bound, Figure, Report
from bench.submissions import BATCH, BATCH_METHOD, batches
from vstep.grading.v1.grading_service_pb2 import (
    BatchSubmitJobsResponse,
    WatchJobRequest,
    WatchJobResponse,
    WatchJobsRequest,
    WatchJobsResponse,
)

STREAM_METHOD = "/vstep.grading.v1.GradingService/WatchJob"
FEED_METHOD = "/vstep.grading.v1.GradingService/WatchJobs"
STREAMS = 2000
CHANNELS = 8
#: Streams that are opened at a time: of 2,000 at once, a tenth ended as CANCELLED.
OPENING = 200
#: How soon a stream that broke is opened again.
REOPEN_SECONDS = 0.1
#: Streams that are opened and closed before the memory is first looked at.
WARM_UP_STREAMS = 50
JOBS_PER_SECOND = 200
#: How long the server is left alone before its memory is looked at.
QUIET_SECONDS = 4.0
#: Events of a job that are written while it is watched; the first one, of its
#: acceptance, was before.
EVENTS = 4
LATENCY_AIM, MEMORY_AIM = 50.0, 40.0
#: Everything is over by then, or something was lost.
LONGEST_SECONDS = 120.0


@dataclass
class Received:
    """What arrived, with its moment; read once the measurement is over, to cost little in it."""

    streams: list[tuple[bytes, float]] = field(default_factory=list)
    feed: list[tuple[bytes, float]] = field(default_factory=list)
    #: Streams that brought their first event.
    opened: int = 0
    #: Streams that were refused or cut off; each was opened again where it had ended.
    broken: int = 0
    ended: int = 0


async def _submit(address: str, jobs: int) -> list[UUID]:
    async with aio.insecure_channel(address) as channel:
        submit: aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(BATCH_METHOD)
        job_ids: list[UUID] = []
        for request in itertools.islice(batches("watch"), jobs // BATCH):
            answer = BatchSubmitJobsResponse.FromString(await submit(request, timeout=30))
            job_ids += [UUID(outcome.accepted.job.id) for outcome in answer.outcomes]
    return job_ids


async def _watch(channel: aio.Channel, job_id: UUID, received: Received) -> None:
    """Watch a job to its end."""
    watch: aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(STREAM_METHOD)
    request = WatchJobRequest(job_id=str(job_id))
    first = True
    while True:
        data = b""
        try:
            async for data in watch(request.SerializeToString()):
                received.streams.append((data, time.monotonic()))
                received.opened += first
                first = False
            break
        except aio.AioRpcError:
            received.broken += 1
        request.after_sequence = max(request.after_sequence, _cursor(data))
        await asyncio.sleep(REOPEN_SECONDS)
    received.ended += 1


def _cursor(data: bytes) -> int:
    answer = WatchJobResponse.FromString(data)
    return answer.event.sequence or answer.heartbeat.after_sequence


async def _follow(channel: aio.Channel, received: Received) -> None:
    feed: aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(FEED_METHOD)
    request = WatchJobsRequest(start_at_end=True)
    async for data in feed(request.SerializeToString()):
        received.feed.append((data, time.monotonic()))


async def _open(
    channels: Sequence[aio.Channel], job_ids: Sequence[UUID], received: Received
) -> list[asyncio.Task[None]]:
    """Open a stream for each job, some at a time, and wait until each brought its first event."""
    tasks: list[asyncio.Task[None]] = []
    for start in range(0, len(job_ids), OPENING):
        for job_id in job_ids[start : start + OPENING]:
            channel = channels[len(tasks) % CHANNELS]
            tasks.append(asyncio.create_task(_watch(channel, job_id, received)))
        await _until(lambda: received.opened >= len(tasks), tasks)
    return tasks


async def _until(holds: Callable[[], bool], tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait until something holds; a task that broke meanwhile breaks this too."""
    async with asyncio.timeout(LONGEST_SECONDS):
        while not holds():
            for task in tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(0.05)


async def _close(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(frozen=True)
class Measured:
    """What a run brought."""

    received: Received
    #: By job, when each of its statements was sent.
    sent: dict[UUID, list[float]]
    #: Private memory of the server by stream, in KB.
    kilobytes: float
    #: Seconds of one processor by process, while the jobs finished.
    spent: dict[str, float]


async def _measure(base: Ground, server: Server, job_ids: Sequence[UUID]) -> Measured:
    received = Received()
    processes = Processes(base, {"server": server.pid})
    channels = [
        aio.insecure_channel(server.address, options=[("grpc.use_local_subchannel_pool", 1)])
        for _ in range(CHANNELS)
    ]
    await _close(await _open(channels, job_ids[:WARM_UP_STREAMS], Received()))
    await asyncio.sleep(QUIET_SECONDS)
    before = _private_kilobytes(server.pid)
    tasks = await _open(channels, job_ids, received)
    await asyncio.sleep(QUIET_SECONDS)
    kilobytes = (_private_kilobytes(server.pid) - before) / STREAMS
    tasks.append(asyncio.create_task(_follow(channels[0], received)))
    await asyncio.sleep(QUIET_SECONDS)  # nothing tells when a feed that starts at its end stands
    started = processes.spent()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as writer:
        loop = asyncio.get_running_loop()
        sent = await loop.run_in_executor(writer, finish, base.settings, job_ids, JOBS_PER_SECOND)
    await _until(
        lambda: received.ended == STREAMS and len(received.feed) >= EVENTS * STREAMS,
        tasks,
    )
    spent = {name: seconds - started.get(name, 0) for name, seconds in processes.spent().items()}
    await _close(tasks)
    for channel in channels:
        await channel.close()
    return Measured(received, sent, kilobytes, spent)


def _private_kilobytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


def _latencies(
    received: Sequence[tuple[bytes, float]],
    answer: type[WatchJobResponse] | type[WatchJobsResponse],
    sent: dict[UUID, list[float]],
) -> list[float]:
    """Milliseconds from each statement that was sent to its event's receipt, sorted."""
    found: dict[tuple[UUID, int], float] = {}
    for data, moment in received:
        event = answer.FromString(data).event
        if event.sequence > 1:
            found.setdefault((UUID(event.job_id), event.sequence - 2), moment)
    # A key that is missing here is an event that was lost.
    return sorted(
        (found[job_id, number] - moment) * 1000
        for job_id, moments in sent.items()
        for number, moment in enumerate(moments)
    )


def _finished_per_second(sent: dict[UUID, list[float]]) -> float:
    moments = [moments[-1] for moments in sent.values()]
    return len(moments) / (max(moments) - min(moments))


def measure() -> Report:
    """Submit, open, finish; the server that is measured hasn't taken the submissions."""
    with ground() as base:
        with base.server() as address:
            job_ids = asyncio.run(_submit(address, STREAMS))
        with base.server_process() as server:
            measured = asyncio.run(_measure(base, server, job_ids))
    streams = _latencies(measured.received.streams, WatchJobResponse, measured.sent)
    feed = _latencies(measured.received.feed, WatchJobsResponse, measured.sent)
    figures: dict[str, Figure] = {
        "streams": STREAMS,
        "jobs_finished_per_s": _finished_per_second(measured.sent),
        "streams_broken": measured.received.broken,
        "events": len(streams),
        "watch_p50_ms": percentile(streams, 0.5),
        "feed_p50_ms": percentile(feed, 0.5),
        "feed_p99_ms": percentile(feed, 0.99),
    }
    for name in ("server", "bench"):
        figures[f"{name}_cpu_ms_per_job"] = measured.spent[name] * 1000 / len(measured.sent)
    aims = (
        Aim("watch_p99_ms", percentile(streams, 0.99), LATENCY_AIM, Bound.AT_MOST, "ms"),
        Aim("watch_kb_per_stream", measured.kilobytes, MEMORY_AIM, Bound.AT_MOST, "KB"),
    )
    return Report("2,000 streams and a feed while 200 jobs a second finish", figures, aims)


if __name__ == "__main__":
    run(measure, __doc__)
