"""Failing the jobs whose messages ended in the dead letters."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from grading.domain.work import Skill

# Only what waits for a worker: a job that one holds is the lease's to decide.
_FAIL = text("""
    WITH letter AS (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:causes AS text[])) AS l (id, cause)
    ),
    waiting AS (
        SELECT jobs.id, letter.cause FROM jobs
        JOIN letter USING (id)
        WHERE state IN ('queued', 'retrying')
        ORDER BY jobs.id
        FOR UPDATE OF jobs
    ),
    failed AS (
        UPDATE jobs
        SET state = 'failed', last_sequence = last_sequence + 1,
            feed_key = greatest(feed_key, current_feed_key()), next_run_at = NULL,
            updated_at = now(), ended_at = now(), error_reason = 'dead_lettered',
            error_message = 'the broker gave the job up: ' || waiting.cause
        FROM waiting
        WHERE jobs.id = waiting.id
        RETURNING jobs.*
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


def fail_dead_lettered(conn: Connection, causes: Mapping[UUID, str]) -> Sequence[Skill]:
    """Fail waiting jobs, each for the cause that the broker gave; gives the skill of each."""
    wanted = {"ids": list(causes), "causes": list(causes.values())}
    return [Skill(job.skill) for job in conn.execute(_FAIL, wanted)]
