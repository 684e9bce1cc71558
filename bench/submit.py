"""Durable submissions a second against a bare echo of the same size. ``python -m bench.submit``.

Echo and submission take turns, several rounds of each, on the same machine with
the same client; the aims are the medians of the rounds' ratios, so that a
neighbour's burst of work in one round doesn't decide.
"""

import asyncio
import itertools
from statistics import median

from sqlalchemy import text

from bench import echo
from bench.command import run
from bench.ground import Ground, ground
from bench.load import Rate, closed_loop
from bench.report import Aim, Bound, Figure, Report
from bench.submissions import BATCH, BATCH_METHOD, batches, submissions
from grading.store.engine import make_engine

METHOD = "/vstep.grading.v1.GradingService/SubmitJob"
ROUNDS = 5
SECONDS = 3.0
#: More than can be submitted in all rounds together.
REQUESTS = 120_000
AIMS = {16: 0.30, 64: 0.40}
#: More than can be sent in one round.
BATCHES = 300
BATCH_AIM = 8000.0


def _count_jobs(base: Ground) -> int:
    engine = make_engine(base.settings, "vstep-grading-bench", pool_size=1)
    with engine.connect() as conn:
        jobs = conn.scalar(text("SELECT count(*) FROM jobs"))
    engine.dispose()
    return int(jobs or 0)


def measure() -> Report:
    """Measure echo and submission in turns."""
    figures: dict[str, Figure] = {}
    aims: list[Aim] = []
    prepared = list(itertools.islice(submissions("single"), REQUESTS))
    requests = iter(prepared)
    with (
        ground() as base,
        base.echo() as echo_address,
        base.server(GRADING_MAX_BACKLOG="10000000", GRADING_DELAYED_BACKLOG="10000000") as address,
    ):

        def submit(in_flight: int, seconds: float) -> Rate:
            return asyncio.run(closed_loop(address, METHOD, requests, in_flight, seconds))

        def bounce(in_flight: int) -> Rate:
            same = itertools.repeat(prepared[0])
            return asyncio.run(closed_loop(echo_address, echo.METHOD, same, in_flight, SECONDS))

        answered = submit(16, 1.0).calls  # caches and prepared statements fill
        for in_flight, aim in AIMS.items():
            rounds = [(bounce(in_flight), submit(in_flight, SECONDS)) for _ in range(ROUNDS)]
            answered += sum(submitted.calls for _, submitted in rounds)
            ratio = median(submitted.per_second / echoed.per_second for echoed, submitted in rounds)
            aims.append(Aim(f"submit_vs_echo_{in_flight}", ratio, aim, Bound.AT_LEAST))
            figures |= {
                f"echo_{in_flight}_per_s": median(e.per_second for e, _ in rounds),
                f"submit_{in_flight}_per_s": median(s.per_second for _, s in rounds),
                f"submit_{in_flight}_p50_ms": median(s.percentile(0.5) for _, s in rounds),
                f"submit_{in_flight}_p99_ms": median(s.percentile(0.99) for _, s in rounds),
            }
        prepared_batches = iter(list(itertools.islice(batches("batch"), BATCHES)))
        batched = asyncio.run(closed_loop(address, BATCH_METHOD, prepared_batches, 2, SECONDS))
        answered += batched.calls * BATCH
        batch_rate = batched.per_second * BATCH
        aims.append(Aim("batch_jobs_per_s", batch_rate, BATCH_AIM, Bound.AT_LEAST, "jobs/s"))
        stored = _count_jobs(base)
    if stored != answered:
        raise SystemExit(f"{answered} submissions were answered, but {stored} are stored")
    figures["jobs_stored"] = stored
    return Report("Durable SubmitJob against a bare echo of the same size", figures, tuple(aims))


if __name__ == "__main__":
    run(measure, __doc__)
