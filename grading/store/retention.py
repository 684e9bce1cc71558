"""Purging what is no longer needed, in small batches."""

from datetime import timedelta

from sqlalchemy import Connection, text

# Rows are looked up job by job, and found again by their place: they are locked, and
# events never change. Joins scan the tables where the planner expects many.
# Only jobs that ended: what is unfinished is never purged. The horizon rises in
# the same statement, so no cursor can go on across a hole without being told.
_EVENTS = text("""
    WITH old AS (
        SELECT events.place
        FROM jobs
        CROSS JOIN LATERAL (
            SELECT ctid AS place FROM events WHERE job_id = jobs.id FOR UPDATE SKIP LOCKED
        ) AS events
        WHERE ended_at < now() - :age
        ORDER BY ended_at
        LIMIT :limit
    ),
    purged AS (
        DELETE FROM events WHERE ctid = ANY(ARRAY(SELECT place FROM old))
        RETURNING feed_key
    ),
    horizon AS (
        UPDATE feed_horizon
        SET purged_key = greatest(
            purged_key, (SELECT feed_key FROM purged ORDER BY feed_key DESC LIMIT 1)
        )
        WHERE EXISTS (SELECT FROM purged)
    )
    SELECT count(*) FROM purged
""")

_ANSWERS = text("""
    WITH old AS (
        SELECT answers.job_id
        FROM jobs
        CROSS JOIN LATERAL (
            SELECT job_id FROM answers WHERE job_id = jobs.id FOR UPDATE SKIP LOCKED
        ) AS answers
        WHERE ended_at < now() - :age
        ORDER BY ended_at
        LIMIT :limit
    )
    DELETE FROM answers WHERE job_id = ANY(ARRAY(SELECT job_id FROM old))
""")


def purge_events(conn: Connection, age: timedelta, limit: int) -> int:
    """Delete events of jobs that ended longer than ``age`` ago; tells how many."""
    return int(conn.scalar(_EVENTS, {"age": age, "limit": limit}) or 0)


def purge_answers(conn: Connection, age: timedelta, limit: int) -> int:
    """Delete answers of jobs that ended longer than ``age`` ago; tells how many."""
    return conn.execute(_ANSWERS, {"age": age, "limit": limit}).rowcount
