"""Purging what is no longer needed, in small batches."""

from datetime import timedelta

from sqlalchemy import Connection, text

# Only jobs that ended: what is unfinished is never purged. The horizon rises in
# the same statement, so no cursor can go on across a hole without being told.
_EVENTS = text("""
    WITH old AS (
        SELECT events.job_id, events.sequence, events.feed_key
        FROM jobs
        JOIN events ON events.job_id = jobs.id
        WHERE jobs.ended_at < now() - :age
        ORDER BY jobs.ended_at
        LIMIT :limit
        FOR UPDATE OF events SKIP LOCKED
    ),
    purged AS (
        DELETE FROM events USING old
        WHERE events.job_id = old.job_id AND events.sequence = old.sequence
        RETURNING old.feed_key
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
        JOIN answers ON answers.job_id = jobs.id
        WHERE jobs.ended_at < now() - :age
        ORDER BY jobs.ended_at
        LIMIT :limit
        FOR UPDATE OF answers SKIP LOCKED
    )
    DELETE FROM answers USING old WHERE answers.job_id = old.job_id
""")


def purge_events(conn: Connection, age: timedelta, limit: int) -> int:
    """Delete events of jobs that ended longer than ``age`` ago; tells how many."""
    return int(conn.scalar(_EVENTS, {"age": age, "limit": limit}) or 0)


def purge_answers(conn: Connection, age: timedelta, limit: int) -> int:
    """Delete answers of jobs that ended longer than ``age`` ago; tells how many."""
    return conn.execute(_ANSWERS, {"age": age, "limit": limit}).rowcount
