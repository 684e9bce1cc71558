"""Runs that end without settling their job: to be taken again, given back, or too late."""

from datetime import timedelta

from sqlalchemy import Connection, text

from grading.domain.result import GradingResult
from grading.exceptions import LeaseLost
from grading.store.documents import result_to_json
from grading.store.records import Claim, Failure

# The wait stands in the job's row, where it survives everything; the reaper puts
# the job back into the outbox when it is over.
_RETRY = text("""
    WITH interrupted AS (
        UPDATE jobs
        SET state = 'retrying', retries = retries + :counts, last_sequence = last_sequence + 1,
            feed_key = greatest(feed_key, pg_current_xact_id()),
            lease_expires_at = NULL, next_run_at = now() + :wait, updated_at = now()
        WHERE id = :job_id AND run = :run AND state IN ('processing', 'analyzing', 'grading')
        RETURNING *
    ),
    run AS (
        UPDATE runs
        SET ended_at = now(), outcome = :outcome, error_reason = :reason,
            error_message = :error_message
        FROM interrupted
        WHERE runs.job_id = interrupted.id AND runs.run = interrupted.run
    ),
    event AS (
        INSERT INTO events (
            job_id, sequence, run, state, stage, progress, message, created_at, feed_key
        )
        SELECT id, last_sequence, run, state, 'waiting', progress, :message, now(), feed_key
        FROM interrupted
    )
    SELECT retries, pg_notify('job_events', id::text) FROM interrupted
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


def retry_run(conn: Connection, held: Claim, failure: Failure, wait: timedelta) -> None:
    """Have the job taken again after ``wait``; uses up a retry.

    Raises:
        LeaseLost: the job is no longer this run's; nothing was stored.
    """
    _interrupt(conn, held, 1, wait, "failed", failure, "A passing fault; the job will be retried.")


def release_run(conn: Connection, held: Claim) -> None:
    """Give the job back at once, as a worker that is shut down does; uses up no retry.

    Raises:
        LeaseLost: the job is no longer this run's; nothing was stored.
    """
    _interrupt(
        conn, held, 0, timedelta(), "released", None, "The worker shuts down; another takes over."
    )


def keep_late_result(
    conn: Connection, held: Claim, result: GradingResult, grading_duration: timedelta
) -> bool:
    """Keep a result that came after the deadline had failed the job; tells whether it did."""
    kept = conn.execute(
        _LATE,
        {
            "job_id": held.job_id,
            "run": held.run,
            "score": result.score,
            "band": result.band.value,
            "document": result_to_json(result),
            "grading_duration": grading_duration,
        },
    )
    return kept.rowcount > 0


def _interrupt(
    conn: Connection,
    held: Claim,
    counts: int,
    wait: timedelta,
    outcome: str,
    failure: Failure | None,
    message: str,
) -> None:
    row = conn.execute(
        _RETRY,
        {
            "job_id": held.job_id,
            "run": held.run,
            "counts": counts,
            "wait": wait,
            "outcome": outcome,
            "reason": None if failure is None else failure.reason.value,
            "error_message": None if failure is None else failure.message,
            "message": message,
        },
    ).first()
    if row is None:
        raise LeaseLost(held.job_id, held.run)
