"""A worker's hold on a job: claim, renew, advance, settle, fail.

Every statement after the claim says ``WHERE id = … AND run = …``: ``run`` is the
fencing token. A worker that was frozen past its lease finds no row and stops;
it can't write over the worker that took the job since.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from grading.domain.job import JobStage, JobState
from grading.domain.result import GradingResult
from grading.domain.review import NO_REVIEW, Routing
from grading.exceptions import LeaseLost
from grading.store.documents import outcome_to_json, result_to_json
from grading.store.records import Claim, Failure, ResultSummary, work_from

# One conditional UPDATE: of any number of workers with a message for the same
# job, the row lock lets one through and the others find the state changed. The
# outbox row goes with the claim, since the job no longer wants a worker.
_CLAIM = text("""
    WITH claimed AS (
        UPDATE jobs
        SET state = 'processing', progress = 0, run = run + 1, last_sequence = last_sequence + 1,
            feed_key = greatest(feed_key, pg_current_xact_id()),
            lease_expires_at = now() + :lease, next_run_at = NULL, updated_at = now()
        WHERE id = :job_id
          AND state IN ('queued', 'retrying')
          AND (next_run_at IS NULL OR next_run_at <= now())
          AND deadline_at > now()
        RETURNING *
    ),
    run AS (
        INSERT INTO runs (job_id, run, worker, claimed_at)
        SELECT id, run, :worker, now() FROM claimed
    ),
    served AS (
        DELETE FROM outbox USING claimed WHERE outbox.job_id = claimed.id
    ),
    event AS (
        INSERT INTO events (
            job_id, sequence, run, state, stage, progress, message, created_at, feed_key
        )
        SELECT id, last_sequence, run, state, 'starting', 0, 'A worker took the job.', now(),
               feed_key
        FROM claimed
    )
    SELECT claimed.id, claimed.run, claimed.retries, claimed.writing_task, answers.prompt,
           answers.requirements, answers.text, answers.feedback_language,
           pg_notify('job_events', claimed.id::text)
    FROM claimed
    JOIN answers ON answers.job_id = claimed.id
""")

_RENEW = text("""
    UPDATE jobs
    SET lease_expires_at = now() + :lease
    WHERE id = :job_id AND run = :run AND state IN ('processing', 'analyzing', 'grading')
""")

_ADVANCE = text("""
    WITH advanced AS (
        UPDATE jobs
        SET state = :state, progress = :progress, last_sequence = last_sequence + 1,
            feed_key = greatest(feed_key, pg_current_xact_id()),
            updated_at = now()
        WHERE id = :job_id AND run = :run AND state IN ('processing', 'analyzing', 'grading')
        RETURNING *
    ),
    event AS (
        INSERT INTO events (
            job_id, sequence, run, state, stage, progress, message, created_at, feed_key
        )
        SELECT id, last_sequence, run, state, :stage, :progress, :message, now(), feed_key
        FROM advanced
    )
    SELECT pg_notify('job_events', id::text) FROM advanced
""")

# Result, terminal state and terminal event stand or fall together. The primary
# key of "results" makes a second result impossible, whatever else went wrong.
_SETTLE = text("""
    WITH settled AS (
        UPDATE jobs
        SET state = :state, progress = 1, last_sequence = last_sequence + 1,
            feed_key = greatest(feed_key, pg_current_xact_id()),
            lease_expires_at = NULL, updated_at = now(),
            ended_at = CASE CAST(:state AS text) WHEN 'completed' THEN now() END,
            review_priority = :review_priority, review_reasons = CAST(:review_reasons AS text[])
        WHERE id = :job_id AND run = :run AND state IN ('processing', 'analyzing', 'grading')
        RETURNING *
    ),
    result AS (
        INSERT INTO results (
            job_id, run, score, band, document, grading_duration, created_at, audit
        )
        SELECT id, run, :score, :band, CAST(:document AS jsonb), :grading_duration, now(), :audit
        FROM settled
    ),
    run AS (
        UPDATE runs SET ended_at = now(), outcome = 'completed'
        FROM settled
        WHERE runs.job_id = settled.id AND runs.run = settled.run
    ),
    event AS (
        INSERT INTO events (
            job_id, sequence, run, state, stage, progress, message, outcome, created_at, feed_key
        )
        SELECT id, last_sequence, run, state, :stage, 1, :message, CAST(:outcome AS jsonb),
               now(), feed_key
        FROM settled
    )
    SELECT pg_notify('job_events', id::text) FROM settled
""")

_FAIL = text("""
    WITH failed AS (
        UPDATE jobs
        SET state = 'failed', last_sequence = last_sequence + 1,
            feed_key = greatest(feed_key, pg_current_xact_id()), lease_expires_at = NULL,
            updated_at = now(), ended_at = now(), error_reason = :reason,
            error_message = :message
        WHERE id = :job_id AND run = :run AND state IN ('processing', 'analyzing', 'grading')
        RETURNING *
    ),
    run AS (
        UPDATE runs
        SET ended_at = now(), outcome = 'failed', error_reason = :reason,
            error_message = :message
        FROM failed
        WHERE runs.job_id = failed.id AND runs.run = failed.run
    ),
    event AS (
        INSERT INTO events (
            job_id, sequence, run, state, stage, progress, message, outcome, created_at, feed_key
        )
        SELECT id, last_sequence, run, state, 'ended', progress, 'Failed.',
               CAST(:outcome AS jsonb), now(), feed_key
        FROM failed
    )
    SELECT pg_notify('job_events', id::text) FROM failed
""")


def claim(conn: Connection, job_id: UUID, worker: str, lease: timedelta) -> Claim | None:
    """Take a job for ``worker``; None where it is held, ended, not yet due or unknown."""
    row = conn.execute(_CLAIM, {"job_id": job_id, "worker": worker, "lease": lease}).one_or_none()
    if row is None:
        return None
    return Claim(row.id, row.run, row.retries, work_from(row.writing_task, row))


def renew(conn: Connection, held: Claim, lease: timedelta) -> None:
    """Hold the job for ``lease`` from now.

    Raises:
        LeaseLost: the job is no longer this run's.
    """
    renewed = conn.execute(_RENEW, {"job_id": held.job_id, "run": held.run, "lease": lease})
    if renewed.rowcount == 0:
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
    _fenced(
        conn.execute(
            _ADVANCE,
            {
                "job_id": held.job_id,
                "run": held.run,
                "state": state.value,
                "stage": stage.value,
                "progress": progress,
                "message": message,
            },
        ).first(),
        held,
    )


def settle(
    conn: Connection,
    held: Claim,
    result: GradingResult,
    grading_duration: timedelta,
    routing: Routing = NO_REVIEW,
    *,
    held_back: bool = False,
) -> None:
    """Store the result, and complete the job or put it to review.

    What is ``held_back`` for its review is shown to nobody before.

    Raises:
        LeaseLost: the job is no longer this run's; nothing was stored.
    """
    _fenced(
        conn.execute(
            _SETTLE,
            {
                "job_id": held.job_id,
                "run": held.run,
                "score": result.score,
                "band": result.band.value,
                "document": result_to_json(result),
                "grading_duration": grading_duration,
                "state": (JobState.REVIEW_REQUIRED if held_back else JobState.COMPLETED).value,
                "stage": (JobStage.REVIEWING if held_back else JobStage.ENDED).value,
                "message": "Graded; an examiner looks at it." if held_back else "Graded.",
                "outcome": None if held_back else outcome_to_json(ResultSummary.of(result)),
                "review_priority": routing.priority and routing.priority.value,
                "review_reasons": [reason.value for reason in routing.reasons],
                "audit": routing.audit,
            },
        ).first(),
        held,
    )


def fail(conn: Connection, held: Claim, failure: Failure) -> None:
    """End the job without a result.

    Raises:
        LeaseLost: the job is no longer this run's; nothing was stored.
    """
    _fenced(
        conn.execute(
            _FAIL,
            {
                "job_id": held.job_id,
                "run": held.run,
                "reason": failure.reason.value,
                "message": failure.message,
                "outcome": outcome_to_json(failure),
            },
        ).first(),
        held,
    )


def _fenced(row: object | None, held: Claim) -> None:
    if row is None:
        raise LeaseLost(held.job_id, held.run)
