"""Reviews that are done, as many as figures of agreement need."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Engine, text

from grading.domain.caller import DEFAULT_TENANT
from grading.domain.result import GradingResult
from grading.domain.score import band_of
from tests.stack.held import examiner, hold, marks
from tests.stack.review_desk import ONCE, TWICE, Desk
from tests.stack.scripted_grader import RESULT

_EXAMINERS = ("anna", "binh", "chi")

_LONG_AGO = text("""
    UPDATE reviews SET finished_at = now() - CAST(:ago AS interval) WHERE job_id = :job_id
""")


def scored(score: str) -> GradingResult:
    """A result with one score for every criterion."""
    value = Decimal(score)
    return replace(
        RESULT,
        score=value,
        exact_score=value,
        band=band_of(value),
        criteria=tuple(replace(one, score=value, band=band_of(value)) for one in RESULT.criteria),
    )


def finish_review(
    engine: Engine,
    *given: str,
    machine: GradingResult = RESULT,
    tenant: str = DEFAULT_TENANT,
    labels: Mapping[str, str] | None = None,
    ago: timedelta = timedelta(),
) -> UUID:
    """A job that was marked: by one examiner, or blind by two, or by three who differed.

    Each gave one score for every criterion. It was finished some time ago.
    """
    desk = Desk(engine, TWICE if len(given) > 1 else ONCE)
    with engine.connect() as conn:
        job_id = hold(conn, tenant=tenant, result=machine, labels=labels)
        for name, score in zip(_EXAMINERS, given, strict=False):
            desk.mark(job_id, marks(score), examiner(name, tenant))
        if ago:
            conn.execute(_LONG_AGO, {"job_id": job_id, "ago": ago})
    return job_id


def finish_reviews(engine: Engine, count: int = 12, ago: timedelta = timedelta()) -> list[UUID]:
    """Reviews that were marked blind by two, on which nobody agrees with anybody in all."""
    found = []
    for at in range(count):
        level = Decimal(4 + at % 4)
        found.append(
            finish_review(
                engine,
                str(level + at % 2),
                str(level + Decimal("0.5") * (at % 3)),
                machine=scored(str(level + Decimal("0.5") * (at % 5))),
                ago=ago,
            )
        )
    return found
