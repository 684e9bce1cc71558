"""Durable submissions a second against a bare echo of the same size. ``python -m bench.submit``.

Echo and submission take turns, several rounds of each, on the same machine with
the same client; the aims are the medians of the rounds' ratios, so that a
neighbour's burst of work in one round doesn't decide.
"""

import asyncio
import itertools
import statistics
import uuid
from collections.abc import Iterator

from sqlalchemy import text

from bench import echo
from bench.ground import Ground, ground
from bench.load import Rate, closed_loop
from bench.report import Report
from grading.store.engine import make_engine
from vstep.grading.v1.grading_service_pb2 import SubmitJobRequest
from vstep.grading.v1.job_pb2 import Prompt, WritingTask, WritingWork

METHOD = "/vstep.grading.v1.GradingService/SubmitJob"
ROUNDS = 5
SECONDS = 3.0
#: More than can be submitted in all rounds together.
REQUESTS = 120_000
AIMS = {16: 0.30, 64: 0.40}

_SENTENCE = "Tourism brings many benefits to a country and to its people. "
_PROMPT = Prompt(
    text="Some people say that tourism does more harm than good. Discuss both views.",
    requirements=["Discuss the benefits", "Discuss the harm", "Give your opinion"],
)
_WORK = WritingWork(task=WritingTask.WRITING_TASK_ESSAY, text=_SENTENCE * 30)


def _requests() -> Iterator[bytes]:
    """Submissions of about 2 KB, each with ids of its own."""
    for number in itertools.count():
        yield SubmitJobRequest(
            request_id=str(uuid.uuid4()),
            submission_id=f"submission-{number}",
            attempt=1,
            user_id=f"user-{number % 500}",
            prompt=_PROMPT,
            writing=_WORK,
        ).SerializeToString()


def _count_jobs(base: Ground) -> int:
    engine = make_engine(base.settings, "vstep-grading-bench", pool_size=1)
    with engine.connect() as conn:
        jobs = conn.scalar(text("SELECT count(*) FROM jobs"))
    engine.dispose()
    return int(jobs or 0)


def main() -> None:
    """Measure and print."""
    report = Report("durable SubmitJob against a bare echo of the same size")
    prepared = list(itertools.islice(_requests(), REQUESTS))
    requests = iter(prepared)
    with ground() as base, base.echo() as echo_address, base.server() as address:

        def submit(in_flight: int, seconds: float) -> Rate:
            return asyncio.run(closed_loop(address, METHOD, requests, in_flight, seconds))

        def bounce(in_flight: int) -> Rate:
            same = itertools.repeat(prepared[0])
            return asyncio.run(closed_loop(echo_address, echo.METHOD, same, in_flight, SECONDS))

        answered = submit(16, 1.0).calls  # caches and prepared statements fill
        for in_flight, aim in AIMS.items():
            rounds = [(bounce(in_flight), submit(in_flight, SECONDS)) for _ in range(ROUNDS)]
            answered += sum(submitted.calls for _, submitted in rounds)
            ratios = [submitted.per_second / echoed.per_second for echoed, submitted in rounds]
            submissions = [submitted for _, submitted in rounds]
            report.figure(
                f"echo_{in_flight}_per_s", statistics.median(e.per_second for e, _ in rounds)
            )
            report.figure(
                f"submit_{in_flight}_per_s", statistics.median(s.per_second for s in submissions)
            )
            report.figure(
                f"submit_{in_flight}_p50_ms",
                statistics.median(s.percentile(0.5) for s in submissions),
            )
            report.figure(
                f"submit_{in_flight}_p99_ms",
                statistics.median(s.percentile(0.99) for s in submissions),
            )
            report.at_least(f"submit_vs_echo_{in_flight}", statistics.median(ratios), aim)
        stored = _count_jobs(base)
    if stored != answered:
        raise SystemExit(f"{answered} submissions were answered, but {stored} are stored")
    report.figure("jobs_stored", stored)
    report.show()


if __name__ == "__main__":
    main()
