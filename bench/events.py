"""From a worker's commit to the client's receipt, against a bare insert and NOTIFY.

``python -m bench.events``. The clock starts when the statement is sent that
writes and commits an event, and stops when the event has arrived at the client;
both ends run in this process. The floor inserts a row and notifies in one
statement, and its clock stops when a listening connection hears of it.
"""

import asyncio
import threading
import time
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
from grpc import aio

from bench.command import run
from bench.ground import Ground, ground
from bench.load import percentile
from bench.report import Aim, Bound, Report
from grading.domain.job import JobStage, JobState
from grading.store import runs
from grading.store.engine import make_engine
from vstep.grading.v1.grading_service_pb2 import SubmitJobRequest, WatchJobRequest
from vstep.grading.v1.grading_service_pb2_grpc import GradingServiceStub
from vstep.grading.v1.job_pb2 import Prompt, WritingTask, WritingWork

if TYPE_CHECKING:
    from vstep.grading.v1.grading_service_pb2_grpc import GradingServiceAsyncStub

EVENTS = 600
#: Between two events, in seconds: each travels alone.
PAUSE = 0.005
AIM = 5.0


async def _submit(service: "GradingServiceAsyncStub") -> UUID:
    answer = await service.SubmitJob(
        SubmitJobRequest(
            request_id=str(uuid.uuid4()),
            submission_id="bench",
            attempt=1,
            user_id="bench",
            prompt=Prompt(text="Write about tourism."),
            writing=WritingWork(task=WritingTask.WRITING_TASK_ESSAY, text="Tourism is good."),
        )
    )
    return UUID(answer.job.id)


def _write_events(base: Ground, job_id: UUID, sent: dict[int, float]) -> None:
    """Take the job and log events, as a worker does; notes when each was sent."""
    engine = make_engine(base.settings, "vstep-grading-bench", pool_size=1)
    with engine.connect() as conn:
        held = runs.claim(conn, job_id, "bench", timedelta(minutes=5))
        assert held is not None
        for number in range(EVENTS):
            time.sleep(PAUSE)
            progress = number / EVENTS
            sent[number + 3] = time.perf_counter()
            runs.advance(conn, held, JobState.ANALYZING, JobStage.MEASURING, progress, "Measured.")
    engine.dispose()


async def _service_latencies(base: Ground, address: str) -> list[float]:
    sent: dict[int, float] = {}
    received: dict[int, float] = {}
    async with aio.insecure_channel(address) as channel:
        service = GradingServiceStub(channel)
        job_id = await _submit(service)
        stream = service.WatchJob(WatchJobRequest(job_id=str(job_id)))
        writer = threading.Thread(target=_write_events, args=(base, job_id, sent))
        writer.start()
        async for answer in stream:
            if answer.HasField("event"):
                received[answer.event.sequence] = time.perf_counter()
                if answer.event.sequence == EVENTS + 2:
                    break
        stream.cancel()
        await asyncio.to_thread(writer.join)
    return sorted((received[sequence] - moment) * 1000 for sequence, moment in sent.items())


def _floor_latencies(base: Ground) -> list[float]:
    url = base.settings.database_url.get_secret_value()
    sent: dict[int, float] = {}
    received: dict[int, float] = {}
    with (
        psycopg.connect(url, autocommit=True) as writer,
        psycopg.connect(url, autocommit=True) as listener,
    ):
        writer.execute("CREATE TABLE floor (number integer PRIMARY KEY, message text)")
        listener.execute("LISTEN floor")

        def listen() -> None:
            for notification in listener.notifies(timeout=60, stop_after=EVENTS):
                received[int(notification.payload)] = time.perf_counter()

        thread = threading.Thread(target=listen)
        thread.start()
        for number in range(EVENTS):
            time.sleep(PAUSE)
            sent[number] = time.perf_counter()
            writer.execute(
                "WITH row AS (INSERT INTO floor VALUES (%s, 'Measured.') RETURNING number)"
                " SELECT pg_notify('floor', number::text) FROM row",
                (number,),
            )
        thread.join()
    return sorted((received[number] - moment) * 1000 for number, moment in sent.items())


def measure() -> Report:
    """Measure the floor, then the service."""
    with ground() as base, base.server() as address:
        floor = _floor_latencies(base)
        service = asyncio.run(_service_latencies(base, address))
    p50 = percentile(service, 0.5)
    floor_p50 = percentile(floor, 0.5)
    return Report(
        "From a worker's commit to the client's receipt",
        {
            "event_p50_ms": p50,
            "event_p99_ms": percentile(service, 0.99),
            "notify_p50_ms": floor_p50,
            "notify_p99_ms": percentile(floor, 0.99),
        },
        (Aim("event_vs_notify_p50", p50 / floor_p50, AIM, Bound.AT_MOST, "×"),),
    )


if __name__ == "__main__":
    run(measure, __doc__)
