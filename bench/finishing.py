"""Finishes jobs at a steady rate, the way a worker writes quick runs: a claim, then all else.

Runs in a process of its own, so that the clients' processor time isn't its own.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Engine

from bench.instant_grader import InstantGrader
from grading.domain.job import JobStage, JobState
from grading.domain.work import WritingWork
from grading.settings import Settings
from grading.store import runs
from grading.store.engine import make_engine
from grading.store.run_writes import Graded, Report, RunWrite, graded_end, write_runs
from workers.unwatched_run import UnwatchedRun

#: Connections that write side by side, as so many workers would.
WRITERS = 4
_LEASE = timedelta(minutes=5)
_STATES = {JobStage.MEASURING: JobState.ANALYZING, JobStage.SCORING: JobState.GRADING}


def finish(settings: Settings, job_ids: Sequence[UUID], per_second: int) -> dict[UUID, list[float]]:
    """Finish the jobs in their order, ``per_second`` of them.

    Gives for each job, by event, the moments on the monotonic clock, which all
    processes share, at which the statement was sent that writes and commits it.
    """
    engine = make_engine(settings, "vstep-grading-bench", pool_size=WRITERS)
    sent: dict[UUID, list[float]] = {job_id: [] for job_id in job_ids}
    started = time.monotonic()

    def write(writer: int) -> None:
        for number in range(writer, len(job_ids), WRITERS):
            due = started + number / per_second
            time.sleep(max(due - time.monotonic(), 0))
            _finish_one(engine, job_ids[number], sent[job_ids[number]])

    with ThreadPoolExecutor(WRITERS) as threads:
        for _ in threads.map(write, range(WRITERS)):
            pass
    engine.dispose()
    return sent


def _finish_one(engine: Engine, job_id: UUID, sent: list[float]) -> None:
    with engine.connect() as conn:
        sent.append(time.monotonic())
        held = runs.claim(conn, job_id, "bench", _LEASE)
        assert held is not None and isinstance(held.work, WritingWork)

        reports: list[Report] = []

        def report(stage: JobStage, progress: float, message: str) -> None:
            reports.append(Report(_STATES[stage], stage, progress, message))

        result = InstantGrader().grade(held.work, UnwatchedRun(report))
        end = graded_end(Graded(result, timedelta()))
        sent += [time.monotonic()] * (len(reports) + 1)
        assert write_runs(conn, [RunWrite(held, tuple(reports), end)])
