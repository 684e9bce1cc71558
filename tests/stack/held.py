"""Jobs whose results are held for a review."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection

from grading.domain.caller import DEFAULT_TENANT
from grading.domain.criterion import WRITING_CRITERIA
from grading.domain.marks import Marks
from grading.domain.result import GradingResult
from grading.domain.review import ReviewPriority, ReviewReason, Routing
from grading.store.acceptance import accept
from grading.store.review_records import Reviewer
from grading.store.runs import claim, settle
from tests.stack.scripted_grader import RESULT
from tests.stack.submissions import new_job

ROUTING = Routing(ReviewPriority.HIGH, (ReviewReason.LOW_CONFIDENCE,))


def hold(
    conn: Connection,
    priority: ReviewPriority = ReviewPriority.HIGH,
    *,
    text: str = "An answer.",
    tenant: str = DEFAULT_TENANT,
    result: GradingResult = RESULT,
    labels: Mapping[str, str] | None = None,
) -> UUID:
    """A job that is graded, and waits for an examiner."""
    job = replace(new_job(text=text), tenant=tenant, labels=labels or {})
    accept(conn, [job])
    held = claim(conn, job.id, "worker-1", timedelta(seconds=30))
    assert held is not None
    routing = replace(ROUTING, priority=priority)
    settle(conn, held, result, timedelta(seconds=1), routing, held_back=True)
    return job.id


def marks(*scores: str) -> Marks:
    """Marks of an essay: one score for all criteria, or one for each."""
    each = scores * 4 if len(scores) == 1 else scores
    return Marks(tuple(zip(WRITING_CRITERIA, map(Decimal, each), strict=True)))


def examiner(name: str, tenant: str = DEFAULT_TENANT) -> Reviewer:
    """An examiner who calls through the application of a tenant."""
    return Reviewer(name, tenant, "the app")
