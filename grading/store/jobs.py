"""Reading jobs and their results, and cancelling a job.

Another tenant's job is one that there is not.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection, select, text

from grading.domain.caller import DEFAULT_TENANT
from grading.domain.job import JobState
from grading.domain.result import ScoredBy
from grading.domain.work import Work
from grading.exceptions import (
    AnswerPurged,
    JobEnded,
    JobNotFailed,
    JobNotFound,
    ResultNotAvailable,
)
from grading.store import tables
from grading.store.documents import result_from_document
from grading.store.records import Job, StoredResult, job_from, work_from


def get_job(conn: Connection, job_id: UUID, tenant: str = DEFAULT_TENANT) -> Job:
    """Read a job.

    Raises:
        JobNotFound: there is none of this id.
    """
    wanted = select(tables.jobs).where(tables.jobs.c.id == job_id, tables.jobs.c.tenant == tenant)
    row = conn.execute(wanted).one_or_none()
    if row is None:
        raise JobNotFound(job_id)
    return job_from(row)


# The state is read in the same statement as the result, so that the two agree.
_RESULT = text("""
    SELECT jobs.id, jobs.state, results.run, results.document, results.grading_duration,
           results.created_at, results.audit, results.scored_by, jobs.traceparent
    FROM jobs
    LEFT JOIN results ON results.job_id = jobs.id
    WHERE jobs.id = :job_id AND jobs.tenant = :tenant
""")


def get_result(conn: Connection, job_id: UUID, tenant: str = DEFAULT_TENANT) -> StoredResult:
    """Read the result of a COMPLETED job.

    Raises:
        JobNotFound: there is no such job.
        ResultNotAvailable: the job is in another state.
    """
    row = conn.execute(_RESULT, {"job_id": job_id, "tenant": tenant}).one_or_none()
    if row is None:
        raise JobNotFound(job_id)
    if row.state != JobState.COMPLETED:
        raise ResultNotAvailable(job_id, JobState(row.state))
    return StoredResult(
        job_id=row.id,
        run=row.run,
        result=result_from_document(row.document),
        audit=row.audit,
        grading_duration=row.grading_duration,
        created_at=row.created_at,
        traceparent=row.traceparent,
        scored_by=ScoredBy(row.scored_by),
    )


_ANSWER = text("""
    SELECT answers.*, jobs.writing_task, jobs.speaking_part
    FROM answers
    JOIN jobs ON jobs.id = answers.job_id
    WHERE job_id = :job_id
""")


def get_failed_work(
    conn: Connection, job_id: UUID, tenant: str = DEFAULT_TENANT
) -> tuple[Job, Work]:
    """Read a FAILED job and its work, to be graded again.

    Raises:
        JobNotFound: there is no such job.
        JobNotFailed: it is in another state.
        AnswerPurged: its answer is gone.
    """
    job = get_job(conn, job_id, tenant)
    if job.state is not JobState.FAILED:
        raise JobNotFailed(job_id, job.state)
    row = conn.execute(_ANSWER, {"job_id": job_id}).one_or_none()
    if row is None:
        raise AnswerPurged(job_id)
    return job, work_from(row)


# The condition and the change are one statement: whichever of a cancel and a
# settle gets the row lock first decides, and the other one finds no row. The
# worker's next write finds none either, since the state left the running ones.
_CANCEL = text("""
    WITH cancelled AS (
        UPDATE jobs
        SET state = 'cancelled', last_sequence = last_sequence + 1,
            feed_key = greatest(feed_key, current_feed_key()), lease_expires_at = NULL,
            next_run_at = NULL, updated_at = now(), ended_at = now()
        WHERE id = :job_id AND tenant = :tenant
          AND state IN ('queued', 'processing', 'analyzing', 'grading', 'retrying')
        RETURNING *
    ),
    run AS (
        UPDATE runs SET ended_at = now(), outcome = 'cancelled'
        FROM cancelled
        WHERE runs.job_id = cancelled.id AND runs.run = cancelled.run AND runs.ended_at IS NULL
    ),
    unsent AS (
        DELETE FROM outbox USING cancelled WHERE outbox.job_id = cancelled.id
    ),
    event AS (
        INSERT INTO events (
            job_id, sequence, run, state, stage, progress, message, created_at, feed_key
        )
        SELECT id, last_sequence, run, state, 'ended', progress, 'Cancelled.', now(), feed_key
        FROM cancelled
    )
    SELECT cancelled.*, notify_job(id) FROM cancelled
""")


def cancel_job(conn: Connection, job_id: UUID, tenant: str = DEFAULT_TENANT) -> Job:
    """Cancel a job that has not ended; a cancelled one is left as it is.

    Raises:
        JobNotFound: there is no such job.
        JobEnded: the job is COMPLETED or FAILED, or waits for its review.
    """
    row = conn.execute(_CANCEL, {"job_id": job_id, "tenant": tenant}).one_or_none()
    if row is not None:
        return job_from(row)
    job = get_job(conn, job_id, tenant)
    if job.state is not JobState.CANCELLED:
        raise JobEnded(job_id, job.state)
    return job


_KNOWN = text("""
    SELECT count(*) FROM jobs
    WHERE tenant = :tenant AND request_id = ANY(CAST(:request_ids AS uuid[]))
""")


def are_known(conn: Connection, tenant: str, request_ids: Collection[UUID]) -> bool:
    """Whether a tenant has a job of each of the request ids."""
    wanted = set(request_ids)  # a batch may hold one twice
    found: int = conn.execute(_KNOWN, {"tenant": tenant, "request_ids": list(wanted)}).scalar_one()
    return found == len(wanted)
