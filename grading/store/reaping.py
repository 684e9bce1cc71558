"""What the reaper finds and moves: lapsed leases, due retries, passed deadlines.

Each function takes a limited number of rows with ``SKIP LOCKED``, so any number
of reapers work side by side, and tells what it moved.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from grading.domain.job import JobState
from grading.domain.retry import RetryPolicy
from grading.domain.work import Skill
from grading.store.documents import outcome_to_json
from grading.store.records import Failure, FailureReason

_LAPSED = text("""
    SELECT id, skill, retries FROM jobs
    WHERE lease_expires_at < now()
    ORDER BY lease_expires_at
    LIMIT :limit
    FOR UPDATE SKIP LOCKED
""")

# The rows are locked by the SELECT before, in the same transaction, so nothing
# can have changed between the two.
_MOVE = text("""
    WITH verdict AS (
        SELECT *
        FROM unnest(
            CAST(:ids AS uuid[]), CAST(:states AS text[]), CAST(:waits AS interval[]),
            CAST(:messages AS text[]), CAST(:outcomes AS jsonb[])
        ) AS v (id, state, wait, message, outcome)
    ),
    moved AS (
        UPDATE jobs
        SET state = verdict.state,
            retries = retries + CASE verdict.state WHEN 'retrying' THEN 1 ELSE 0 END,
            last_sequence = last_sequence + 1,
            feed_key = greatest(feed_key, current_feed_key()),
            lease_expires_at = NULL,
            next_run_at = now() + verdict.wait,
            updated_at = now(),
            ended_at = CASE verdict.state WHEN 'failed' THEN now() END,
            error_reason = verdict.outcome ->> 'reason',
            error_message = verdict.outcome ->> 'message'
        FROM verdict
        WHERE jobs.id = verdict.id
        RETURNING jobs.*, verdict.message, verdict.outcome
    ),
    run AS (
        UPDATE runs
        SET ended_at = now(), outcome = 'lost', error_reason = 'worker_lost',
            error_message = 'the lease ran out'
        WHERE job_id = ANY(ARRAY(SELECT id FROM moved)) AND ended_at IS NULL
    ),
    event AS (
        INSERT INTO events (
            job_id, sequence, run, state, stage, progress, message, outcome, created_at, feed_key
        )
        SELECT id, last_sequence, run, state,
               CASE state WHEN 'failed' THEN 'ended' ELSE 'waiting' END,
               progress, message, outcome, now(), feed_key
        FROM moved
    )
    SELECT notify_job(id) FROM moved
""")


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A job whose worker gave no sign of life."""

    skill: Skill
    #: Whether it will be taken again; else it has failed.
    retried: bool


def reap_lapsed_leases(conn: Connection, policy: RetryPolicy, limit: int) -> Sequence[Lapsed]:
    """Move jobs whose worker gave no sign of life to RETRYING, or to FAILED.

    Must run in a transaction.
    """
    lapsed = conn.execute(_LAPSED, {"limit": limit}).all()
    if not lapsed:
        return []
    columns: dict[str, list[object]] = {
        "ids": [], "states": [], "waits": [], "messages": [], "outcomes": [],
    }  # fmt: skip
    for job in lapsed:
        columns["ids"].append(job.id)
        if policy.allows(job.retries):
            wait = policy.wait(job.retries + 1, random.random())
            columns["states"].append(JobState.RETRYING.value)
            columns["waits"].append(wait)
            columns["messages"].append("The worker was lost; the job will be taken again.")
            columns["outcomes"].append(None)
        else:
            failure = Failure(
                FailureReason.RETRIES_EXHAUSTED,
                f"the worker was lost, and {job.retries} retries were made before",
            )
            columns["states"].append(JobState.FAILED.value)
            columns["waits"].append(None)
            columns["messages"].append("Failed.")
            columns["outcomes"].append(outcome_to_json(failure))
    conn.execute(_MOVE, columns)
    return [Lapsed(Skill(job.skill), policy.allows(job.retries)) for job in lapsed]


# next_run_at is cleared with the same statement that fills the outbox, so a
# retry is put there once however many reapers look.
_DUE = text("""
    WITH due AS (
        SELECT id FROM jobs
        WHERE next_run_at <= now()
        ORDER BY next_run_at
        LIMIT :limit
        FOR UPDATE SKIP LOCKED
    ),
    released AS (
        UPDATE jobs SET next_run_at = NULL FROM due WHERE jobs.id = due.id RETURNING jobs.*
    )
    INSERT INTO outbox (job_id, queue, accepted_at, delayed)
    SELECT id, skill, accepted_at, delayed FROM released
    ON CONFLICT (job_id) DO UPDATE SET sent_at = NULL, sends = 0
""")


def release_due_retries(conn: Connection, limit: int) -> int:
    """Put jobs whose wait is over back into the outbox."""
    return conn.execute(_DUE, {"limit": limit}).rowcount


_OVERDUE = text("""
    WITH overdue AS (
        SELECT id FROM jobs
        WHERE ended_at IS NULL
          AND deadline_at <= now()
          AND state <> 'review_required'
        ORDER BY deadline_at
        LIMIT :limit
        FOR UPDATE SKIP LOCKED
    ),
    failed AS (
        UPDATE jobs
        SET state = 'failed', last_sequence = last_sequence + 1,
            feed_key = greatest(feed_key, current_feed_key()), lease_expires_at = NULL,
            next_run_at = NULL, updated_at = now(), ended_at = now(),
            error_reason = 'deadline_exceeded',
            error_message = 'not graded within '
                || extract(epoch FROM deadline_at - accepted_at)::bigint || ' s'
        FROM overdue
        WHERE jobs.id = overdue.id
        RETURNING jobs.*
    ),
    run AS (
        UPDATE runs SET ended_at = now(), outcome = 'failed', error_reason = failed.error_reason,
                        error_message = failed.error_message
        FROM failed
        WHERE runs.job_id = ANY(ARRAY(SELECT id FROM failed))
          AND runs.job_id = failed.id AND runs.run = failed.run AND runs.ended_at IS NULL
    ),
    unsent AS (
        DELETE FROM outbox USING failed WHERE outbox.job_id = failed.id
    ),
    event AS (
        INSERT INTO events (
            job_id, sequence, run, state, stage, progress, message, outcome, created_at, feed_key
        )
        SELECT id, last_sequence, run, state, 'ended', progress, 'Failed.',
               jsonb_build_object('reason', error_reason, 'message', error_message), now(), feed_key
        FROM failed
    )
    SELECT skill, notify_job(id) FROM failed
""")


def fail_overdue(conn: Connection, limit: int) -> Sequence[Skill]:
    """Fail jobs whose deadline has passed; gives the skill of each."""
    return [Skill(job.skill) for job in conn.execute(_OVERDUE, {"limit": limit})]
