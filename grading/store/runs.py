"""A worker's hold on jobs: claim and renew; and the writes of one run alone."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from grading.domain.job import JobStage, JobState
from grading.domain.result import Outcome
from grading.domain.review import NO_REVIEW, Routing
from grading.exceptions import LeaseLost
from grading.store.documents import result_to_json
from grading.store.records import Claim, ClaimedTrace, Failure, work_from
from grading.store.run_writes import (
    Graded,
    Report,
    RunEnd,
    RunWrite,
    failed_end,
    graded_end,
    released_end,
    retried_end,
    score_and_band,
    write_runs,
)

# A conditional UPDATE: of any number of workers with a message for the same job,
# the row lock lets one through and the others find the state changed. Jobs are
# locked in the order of their ids, so that two claims wait for each other instead
# of deadlocking. The outbox row goes with the claim, since the job no longer wants
# a worker.
_CLAIM = text("""
    WITH wanted AS (
        SELECT id FROM jobs
        WHERE id = ANY(CAST(:job_ids AS uuid[]))
          AND state IN ('queued', 'retrying')
          AND (next_run_at IS NULL OR next_run_at <= now())
          AND deadline_at > now()
        ORDER BY id
        FOR UPDATE
    ),
    claimed AS (
        UPDATE jobs
        SET state = 'processing', progress = 0, run = run + 1, last_sequence = last_sequence + 1,
            feed_key = greatest(feed_key, current_feed_key()),
            lease_expires_at = now() + :lease, next_run_at = NULL, updated_at = now()
        WHERE id = ANY(ARRAY(SELECT id FROM wanted))
        RETURNING *
    ),
    run AS (
        INSERT INTO runs (job_id, run, worker, claimed_at)
        SELECT id, run, :worker, now() FROM claimed
    ),
    served AS (
        DELETE FROM outbox WHERE job_id = ANY(ARRAY(SELECT id FROM claimed))
        RETURNING job_id, sent_at, sends
    ),
    event AS (
        INSERT INTO events (
            job_id, sequence, run, state, stage, progress, message, created_at, feed_key
        )
        SELECT id, last_sequence, run, state, 'starting', 0, 'A worker took the job.', now(),
               feed_key
        FROM claimed
    )
    SELECT claimed.id, claimed.run, claimed.retries, claimed.writing_task, claimed.speaking_part,
           claimed.user_id, claimed.tenant, answers.prompt, answers.requirements, answers.text,
           answers.feedback_language, answers.recording_id, answers.audio_url,
           recordings.key AS recording_key, now() - claimed.accepted_at AS waited,
           claimed.traceparent, extract(epoch FROM now() - served.sent_at)::float8 AS sent_ago,
           served.sends, notify_job(claimed.id)
    FROM claimed
    JOIN answers ON answers.job_id = claimed.id
    LEFT JOIN recordings ON recordings.id = answers.recording_id
    LEFT JOIN served ON served.job_id = claimed.id
""")

_RENEW = text("""
    UPDATE jobs
    SET lease_expires_at = now() + :lease
    FROM unnest(CAST(:job_ids AS uuid[]), CAST(:runs AS integer[])) AS held (job_id, run)
    WHERE id = ANY(CAST(:job_ids AS uuid[])) AND id = held.job_id AND jobs.run = held.run
      AND state IN ('processing', 'analyzing', 'grading')
    RETURNING id
""")

_HELD = text("""
    SELECT id
    FROM jobs
    JOIN unnest(CAST(:job_ids AS uuid[]), CAST(:runs AS integer[])) AS held (job_id, run)
        ON id = held.job_id AND jobs.run = held.run
    WHERE id = ANY(CAST(:job_ids AS uuid[])) AND state IN ('processing', 'analyzing', 'grading')
""")

# Kept for the record: the job failed for its deadline while this run was still
# at work. The state stays; the primary key keeps it to one result.
_LATE = text("""
    WITH late AS (
        UPDATE jobs SET late = true, updated_at = now()
        WHERE id = :job_id AND run = :run AND state = 'failed'
          AND error_reason = 'deadline_exceeded' AND NOT late
        RETURNING *
    )
    INSERT INTO results (
        job_id, run, score, band, document, grading_duration, created_at, late
    )
    SELECT id, run, :score, :band, CAST(:document AS jsonb), :grading_duration, now(), true
    FROM late
""")


def claim_jobs(
    conn: Connection, job_ids: Sequence[UUID], worker: str, lease: timedelta
) -> dict[UUID, Claim]:
    """Take jobs for ``worker``; what is held, ended, not yet due or unknown is left out."""
    rows = conn.execute(_CLAIM, {"job_ids": list(job_ids), "worker": worker, "lease": lease})
    return {
        row.id: Claim(
            row.id,
            row.run,
            row.retries,
            work_from(row),
            row.recording_key,
            row.user_id,
            row.waited,
            row.tenant,
            _trace_of(row),
        )
        for row in rows
    }


def _trace_of(row: Any) -> ClaimedTrace | None:
    if row.traceparent is None:
        return None
    return ClaimedTrace(row.traceparent, row.waited.total_seconds(), row.sent_ago, row.sends or 0)


def claim(conn: Connection, job_id: UUID, worker: str, lease: timedelta) -> Claim | None:
    """Take a job for ``worker``; None where it is held, ended, not yet due or unknown."""
    return claim_jobs(conn, [job_id], worker, lease).get(job_id)


def renew_jobs(conn: Connection, held: Sequence[Claim], lease: timedelta) -> set[UUID]:
    """Hold jobs for ``lease`` from now; gives those that were still held."""
    wanted = {
        "job_ids": [claim.job_id for claim in held],
        "runs": [claim.run for claim in held],
        "lease": lease,
    }
    return {row.id for row in conn.execute(_RENEW, wanted)}


def find_held(conn: Connection, held: Sequence[Claim]) -> set[UUID]:
    """Tell which jobs are still held by these runs; changes nothing."""
    wanted = {"job_ids": [claim.job_id for claim in held], "runs": [claim.run for claim in held]}
    return {row.id for row in conn.execute(_HELD, wanted)}


def renew(conn: Connection, held: Claim, lease: timedelta) -> None:
    """Hold the job for ``lease`` from now.

    Raises:
        LeaseLost: the job is no longer this run's.
    """
    if not renew_jobs(conn, [held], lease):
        raise LeaseLost(held.job_id, held.run)


def advance(
    conn: Connection,
    held: Claim,
    state: JobState,
    stage: JobStage,
    progress: float,
    message: str,
) -> None:
    """Move the job on within its run and log it.

    Raises:
        LeaseLost: the job is no longer this run's.
    """
    _write(conn, RunWrite(held, (Report(state, stage, progress, message),)))


def settle(
    conn: Connection,
    held: Claim,
    result: Outcome,
    grading_duration: timedelta,
    routing: Routing = NO_REVIEW,
    *,
    held_back: bool = False,
) -> None:
    """Store the result, and complete the job or put it to review.

    Raises:
        LeaseLost: the job is no longer this run's; nothing was stored.
    """
    _end(conn, held, graded_end(Graded(result, grading_duration, routing, held_back)))


def fail(conn: Connection, held: Claim, failure: Failure) -> None:
    """End the job without a result.

    Raises:
        LeaseLost: the job is no longer this run's; nothing was stored.
    """
    _end(conn, held, failed_end(failure))


def retry_run(conn: Connection, held: Claim, failure: Failure, wait: timedelta) -> None:
    """Have the job taken again after ``wait``; uses up a retry.

    Raises:
        LeaseLost: the job is no longer this run's; nothing was stored.
    """
    _end(conn, held, retried_end(failure, wait))


def release_run(conn: Connection, held: Claim) -> None:
    """Give the job back at once; uses up no retry.

    Raises:
        LeaseLost: the job is no longer this run's; nothing was stored.
    """
    _end(conn, held, released_end())


def keep_late_result(
    conn: Connection, held: Claim, result: Outcome, grading_duration: timedelta
) -> bool:
    """Keep a result that came after the deadline had failed the job; tells whether it did."""
    kept = conn.execute(
        _LATE,
        {
            "job_id": held.job_id,
            "run": held.run,
            **score_and_band(result),
            "document": result_to_json(result),
            "grading_duration": grading_duration,
        },
    )
    return kept.rowcount > 0


def _end(conn: Connection, held: Claim, end: RunEnd) -> None:
    _write(conn, RunWrite(held, end=end))


def _write(conn: Connection, write: RunWrite) -> None:
    if not write_runs(conn, [write]):
        raise LeaseLost(write.held.job_id, write.held.run)
