"""Claims of reviews: leases in the database, like those of workers on jobs.

``claim`` is the fencing token: it grows with each claim, and marks are handed in under its
number. What changes a review must run in a transaction.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from grading.domain.double_marking import DoubleMarking
from grading.domain.job import JobState
from grading.domain.result import ScoredBy
from grading.exceptions import (
    JobNotFound,
    ReviewAlreadyMarked,
    ReviewClaimed,
    ReviewNotWaiting,
)
from grading.store.documents import result_from_document
from grading.store.records import StoredResult, work_from
from grading.store.review_records import (
    Review,
    ReviewAction,
    Reviewer,
    ReviewFile,
    ReviewState,
    marks_from,
    review_from,
)
from grading.store.review_trail import append_act, read_trail

#: What ``review_from`` reads, of ``jobs`` and, where there is one, its row of ``reviews``.
REVIEW_COLUMNS = """
    jobs.id, jobs.skill, jobs.writing_task, jobs.speaking_part, jobs.accepted_at,
    coalesce(reviews.priority, jobs.review_priority) AS priority,
    coalesce(reviews.reasons, jobs.review_reasons) AS reasons,
    reviews.double_marked, reviews.adjudication, reviews.holder, reviews.claim,
    reviews.claim_expires_at, reviews.marked_by, reviews.finished_at, reviews.scored_by,
    coalesce(reviews.claim_expires_at > now(), false) AS is_held
"""

# Of any number that open a review at once, the primary key lets one through, and so whether
# it is marked twice is drawn once, however servers are set. A job that is being erased is
# waited for, and then isn't there.
_OPEN = text("""
    INSERT INTO reviews (
        job_id, tenant, priority, reasons, opened_at, double_marked,
        machine, machine_score, machine_band, machine_at
    )
    SELECT jobs.id, jobs.tenant, jobs.review_priority, jobs.review_reasons, now(), :double_marked,
           results.document, results.score, results.band, results.created_at
    FROM jobs
    JOIN results ON results.job_id = jobs.id
    WHERE jobs.id = :job_id AND jobs.tenant = :tenant AND jobs.state = 'review_required'
      AND NOT EXISTS (SELECT FROM reviews WHERE reviews.job_id = jobs.id)
    FOR KEY SHARE OF jobs
    ON CONFLICT (job_id) DO NOTHING
""")

# Until the transaction ends, nobody else changes the review: what is told of a refusal is
# what it was refused for.
_LOCK = text("SELECT FROM reviews WHERE job_id = :job_id AND tenant = :tenant FOR UPDATE")

# A conditional UPDATE: of any number that claim at once, the row lock lets one through, and
# the others find the holder changed. All that decides stands in the row itself. The holder
# renews, under the same number.
_CLAIM = text("""
    UPDATE reviews
    SET claim = claim + CASE WHEN holder = :reviewer THEN 0 ELSE 1 END,
        holder = :reviewer, claim_expires_at = now() + CAST(:lease AS interval)
    WHERE job_id = :job_id AND tenant = :tenant AND finished_at IS NULL
      AND (holder IS NULL OR holder = :reviewer)
      AND NOT :reviewer = ANY(marked_by)
""")

_RELEASE = text("""
    UPDATE reviews SET holder = NULL, claim_expires_at = NULL
    WHERE job_id = :job_id AND tenant = :tenant AND finished_at IS NULL
      AND holder = :reviewer AND claim_expires_at > now()
""")

# A claim that its examiner renews in this moment is locked, and no longer over after that.
_LAPSED = text("""
    WITH lapsed AS (
        SELECT job_id, tenant, holder, claim, claim_expires_at FROM reviews
        WHERE holder IS NOT NULL AND claim_expires_at <= now()
          AND (CAST(:job_id AS uuid) IS NULL OR job_id = :job_id)
        ORDER BY claim_expires_at
        LIMIT :limit
        FOR UPDATE SKIP LOCKED
    ),
    freed AS (
        UPDATE reviews SET holder = NULL, claim_expires_at = NULL
        FROM lapsed
        WHERE reviews.job_id = lapsed.job_id
        RETURNING lapsed.*
    )
    INSERT INTO review_trail (
        job_id, tenant, at, action, reviewer_id, caller, claim, before, after
    )
    SELECT job_id, tenant, now(), 'lapsed', holder, '', claim,
           jsonb_build_object('holder', holder, 'until', claim_expires_at),
           jsonb_build_object('holder', NULL)
    FROM freed
""")

_READ = text(f"""
    SELECT {REVIEW_COLUMNS}, jobs.state
    FROM jobs
    LEFT JOIN reviews ON reviews.job_id = jobs.id
    WHERE jobs.id = :job_id AND jobs.tenant = :tenant
""")  # noqa: S608, the columns are those above

_FILE = text("""
    SELECT reviews.machine, reviews.machine_at, reviews.scored_by,
           results.run, results.grading_duration, results.document, results.audit,
           results.created_at,
           jobs.writing_task, jobs.speaking_part, answers.job_id AS answered, answers.prompt,
           answers.requirements, answers.text, answers.feedback_language, answers.recording_id,
           answers.audio_url
    FROM reviews
    JOIN jobs ON jobs.id = reviews.job_id
    JOIN results ON results.job_id = reviews.job_id
    LEFT JOIN answers ON answers.job_id = reviews.job_id
    WHERE reviews.job_id = :job_id
""")

_MARKS = text("SELECT * FROM review_marks WHERE job_id = :job_id ORDER BY claim")


def open_review(
    conn: Connection, job_id: UUID, tenant: str, double_marking: DoubleMarking
) -> Review:
    """Read a review; the first who looks at a held result makes it.

    Raises:
        JobNotFound: there is no such job.
        ReviewNotWaiting: its result neither is held nor was.
    """
    wanted = {"job_id": job_id, "tenant": tenant}
    conn.execute(_OPEN, {**wanted, "double_marked": double_marking.chooses(job_id)})
    row = conn.execute(_READ, wanted).one_or_none()
    if row is None:
        raise JobNotFound(job_id)
    if row.double_marked is None:
        raise ReviewNotWaiting(job_id, JobState(row.state))
    return review_from(row, double_marking)


def lock_review(
    conn: Connection, job_id: UUID, tenant: str, double_marking: DoubleMarking
) -> Review:
    """Read a review, and keep it as it is until the transaction ends.

    Raises:
        JobNotFound, ReviewNotWaiting: as ``open_review`` does.
    """
    open_review(conn, job_id, tenant, double_marking)
    conn.execute(_LOCK, {"job_id": job_id, "tenant": tenant})
    return open_review(conn, job_id, tenant, double_marking)


def claim_review(
    conn: Connection,
    job_id: UUID,
    reviewer: Reviewer,
    lease: timedelta,
    double_marking: DoubleMarking,
) -> tuple[Review, bool]:
    """Take a review, or hold it for longer; tells whether it was the examiner's already.

    Raises:
        JobNotFound: there is no such job.
        ReviewNotWaiting: there is nothing to review.
        ReviewClaimed: another examiner holds it.
        ReviewAlreadyMarked: another examiner has to mark.
    """
    before = lock_review(conn, job_id, reviewer.tenant, double_marking)
    # Where the reaper hasn't come by yet, the trail tells of the lapse all the same.
    release_lapsed_claims(conn, 1, job_id)
    wanted = {"job_id": job_id, "tenant": reviewer.tenant, "reviewer": reviewer.id}
    if not conn.execute(_CLAIM, {**wanted, "lease": lease}).rowcount:
        raise _refusal(before, reviewer)
    after = open_review(conn, job_id, reviewer.tenant, double_marking)
    renewed = after.claim == before.claim
    if not renewed:
        assert after.claim_expires_at is not None
        append_act(
            conn,
            job_id,
            reviewer,
            ReviewAction.CLAIMED,
            after.claim,
            {"holder": None},
            {"holder": reviewer.id, "until": after.claim_expires_at.isoformat()},
        )
    return after, renewed


def release_review(
    conn: Connection, job_id: UUID, reviewer: Reviewer, double_marking: DoubleMarking
) -> Review:
    """Give a review back; one that nobody holds stays as it is.

    Raises:
        JobNotFound: there is no such job.
        ReviewNotWaiting: there is nothing to review.
        ReviewClaimed: another examiner holds it.
    """
    before = lock_review(conn, job_id, reviewer.tenant, double_marking)
    wanted = {"job_id": job_id, "tenant": reviewer.tenant, "reviewer": reviewer.id}
    if not conn.execute(_RELEASE, wanted).rowcount:
        if before.state is not ReviewState.OPEN:
            raise _refusal(before, reviewer)
        return before
    append_act(
        conn,
        job_id,
        reviewer,
        ReviewAction.RELEASED,
        before.claim,
        {"holder": reviewer.id},
        {"holder": None},
    )
    return open_review(conn, job_id, reviewer.tenant, double_marking)


def release_lapsed_claims(conn: Connection, limit: int, job_id: UUID | None = None) -> int:
    """Give back the reviews whose examiners didn't renew their claims; tells how many.

    Of all jobs, or of one.
    """
    return conn.execute(_LAPSED, {"limit": limit, "job_id": job_id}).rowcount


def read_review(
    conn: Connection, job_id: UUID, tenant: str, double_marking: DoubleMarking
) -> ReviewFile:
    """Read all that there is about a review.

    Raises:
        JobNotFound: there is no such job.
        ReviewNotWaiting: its result neither is held nor was.
    """
    review = open_review(conn, job_id, tenant, double_marking)
    row = conn.execute(_FILE, {"job_id": job_id}).one_or_none()
    if row is None:
        raise JobNotFound(job_id)  # erased since
    done = review.state is ReviewState.DONE
    return ReviewFile(
        review=review,
        work=None if row.answered is None else work_from(row),
        machine=_stored(job_id, row, row.machine, row.machine_at),
        marks=tuple(marks_from(each) for each in conn.execute(_MARKS, {"job_id": job_id})),
        result=_stored(job_id, row, row.document, row.created_at, reviewed=True) if done else None,
        history=read_trail(conn, job_id),
    )


def _stored(
    job_id: UUID, row: Any, document: Any, created_at: datetime, *, reviewed: bool = False
) -> StoredResult:
    return StoredResult(
        job_id=job_id,
        run=row.run,
        result=result_from_document(document),
        audit=reviewed and row.audit,
        grading_duration=row.grading_duration,
        created_at=created_at,
        scored_by=ScoredBy(row.scored_by) if reviewed else ScoredBy.MACHINE,
    )


def _refusal(review: Review, reviewer: Reviewer) -> Exception:
    if review.state is ReviewState.DONE:
        return ReviewNotWaiting(review.job_id, JobState.COMPLETED)
    if reviewer.id in review.marked_by:
        return ReviewAlreadyMarked(review.job_id, reviewer.id)
    assert review.holder is not None and review.claim_expires_at is not None
    return ReviewClaimed(review.job_id, review.holder, review.claim_expires_at)
