"""Listing reviews a page at a time: those that wait by priority and age, the done newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from grading.domain.caller import DEFAULT_TENANT
from grading.domain.double_marking import DoubleMarking
from grading.domain.review import ReviewPriority
from grading.domain.work import Skill
from grading.store.review_records import Review, ReviewState, review_from
from grading.store.reviews import REVIEW_COLUMNS

#: The order of priorities, as the index over what waits has it.
_RANK = {ReviewPriority.CRITICAL: 0, ReviewPriority.HIGH: 1, ReviewPriority.MEDIUM: 2}
_FIRST_ID = UUID(int=0)
_LAST_ID = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """Which reviews of a tenant to list; another field that is None does not filter."""

    skill: Skill | None = None
    priority: ReviewPriority | None = None
    #: None stands for all that wait.
    state: ReviewState | None = None
    #: Who holds them.
    claimed_by: str | None = None
    #: Without those that this examiner has marked, and that wait for another.
    reviewer_id: str | None = None
    tenant: str = DEFAULT_TENANT


@dataclass(frozen=True, slots=True)
class ReviewPlace:
    """The place of a review in its list."""

    #: 0 is the most urgent.
    rank: int
    job_id: UUID

    @classmethod
    def of(cls, review: Review) -> "ReviewPlace":
        """The place of ``review``."""
        return cls(_RANK[review.priority], review.job_id)


# Places are compared as the index has them, so that a page is read from where the one before
# ended. A held result that nobody has looked at has no row in "reviews" yet.
_WAITING = text(f"""
    SELECT {REVIEW_COLUMNS}
    FROM jobs
    LEFT JOIN reviews ON reviews.job_id = jobs.id
    WHERE jobs.tenant = :tenant AND jobs.phase = 'review_required'
      AND (CASE review_priority WHEN 'critical' THEN 0 WHEN 'high' THEN 1 ELSE 2 END, jobs.id)
          > (:rank, :after)
      AND (CAST(:skill AS text) IS NULL OR jobs.skill = :skill)
      AND (CAST(:priority AS text) IS NULL OR jobs.review_priority = :priority)
      AND (CAST(:state AS text) IS NULL
           OR (:state = 'claimed') = coalesce(reviews.claim_expires_at > now(), false))
      AND (CAST(:claimed_by AS text) IS NULL
           OR (reviews.holder = :claimed_by AND reviews.claim_expires_at > now()))
      AND (CAST(:reviewer_id AS text) IS NULL
           OR NOT coalesce(:reviewer_id = ANY(reviews.marked_by), false))
    ORDER BY CASE review_priority WHEN 'critical' THEN 0 WHEN 'high' THEN 1 ELSE 2 END, jobs.id
    LIMIT :limit
""")  # noqa: S608, the columns are those above

_DONE = text(f"""
    SELECT {REVIEW_COLUMNS}
    FROM reviews
    JOIN jobs ON jobs.id = reviews.job_id
    WHERE reviews.tenant = :tenant AND reviews.finished_at IS NOT NULL
      AND reviews.job_id < :before
      AND (CAST(:skill AS text) IS NULL OR jobs.skill = :skill)
      AND (CAST(:priority AS text) IS NULL OR reviews.priority = :priority)
    ORDER BY reviews.job_id DESC
    LIMIT :limit
""")  # noqa: S608, the columns are those above


def list_reviews(
    conn: Connection,
    wanted: ReviewFilter,
    after: ReviewPlace | None,
    limit: int,
    double_marking: DoubleMarking,
) -> Sequence[Review]:
    """Read up to ``limit`` reviews that come after a place."""
    values = {
        "tenant": wanted.tenant,
        "skill": wanted.skill and wanted.skill.value,
        "priority": wanted.priority and wanted.priority.value,
        "limit": limit,
    }
    if wanted.state is ReviewState.DONE:
        if wanted.claimed_by is not None:
            return []  # what is done is nobody's
        rows = conn.execute(
            _DONE, {**values, "before": _LAST_ID if after is None else after.job_id}
        )
    else:
        place = after or ReviewPlace(0, _FIRST_ID)
        rows = conn.execute(
            _WAITING,
            {
                **values,
                "rank": place.rank,
                "after": place.job_id,
                "state": wanted.state and wanted.state.value,
                "claimed_by": wanted.claimed_by,
                "reviewer_id": wanted.reviewer_id,
            },
        )
    return [review_from(row, double_marking) for row in rows]
