"""Erasing a job with everything that was derived from its answer."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from grading.domain.caller import DEFAULT_TENANT
from grading.exceptions import JobNotFound

# Deleting the job's row takes its answer, runs, events and result along (ON
# DELETE CASCADE). Its recording may be another job's too; if not, it is erased next.
# A worker that holds the job finds no row and stops.
_ERASE = text("""
    WITH erased AS (
        DELETE FROM jobs WHERE id = :job_id AND tenant = :tenant
        RETURNING id, submission_id, attempt, state, accepted_at, tenant
    ),
    unwanted AS (
        UPDATE recordings SET wanted_until = now()
        WHERE id = (SELECT recording_id FROM answers JOIN erased ON erased.id = answers.job_id)
    ),
    unsent AS (
        DELETE FROM outbox USING erased WHERE outbox.job_id = erased.id
    )
    INSERT INTO deletions (job_id, submission_id, attempt, state, accepted_at, deleted_at, tenant)
    SELECT id, submission_id, attempt, state, accepted_at, now(), tenant FROM erased
    RETURNING deleted_at, notify_job(job_id)
""")

_ERASED = text("SELECT deleted_at FROM deletions WHERE job_id = :job_id AND tenant = :tenant")


_GONE = text("""
    SELECT wanted.id FROM unnest(CAST(:job_ids AS uuid[])) AS wanted (id)
    WHERE NOT EXISTS (SELECT FROM jobs WHERE jobs.id = wanted.id)
""")


def find_erased(conn: Connection, job_ids: Sequence[UUID]) -> Sequence[UUID]:
    """Tell which of the jobs are gone."""
    if not job_ids:
        return []
    return [row.id for row in conn.execute(_GONE, {"job_ids": list(job_ids)})]


def erase_job(conn: Connection, job_id: UUID, tenant: str = DEFAULT_TENANT) -> datetime:
    """Erase a job, whatever its state; tells when that was done first.

    Raises:
        JobNotFound: the tenant has and had no such job.
    """
    wanted = {"job_id": job_id, "tenant": tenant}
    row = conn.execute(_ERASE, wanted).one_or_none()
    if row is None:
        row = conn.execute(_ERASED, wanted).one_or_none()
    if row is None:
        raise JobNotFound(job_id)
    erased: datetime = row.deleted_at
    return erased
