"""Finding the waiting jobs that are delayed, and saying so."""

from datetime import timedelta

from sqlalchemy import Connection, text

from grading.domain.delay import Pace
from grading.store.workers import SILENCE

# The last jobs that were graded, of the last hour: what the models and the
# providers need now, not what they needed last week.
_PACE = text("""
    SELECT (
        SELECT coalesce(sum(slots), 0) FROM workers
        WHERE seen_at > now() - :silence AND :queue = ANY(queues)
    ) AS slots,
    (
        SELECT avg(runs.ended_at - runs.claimed_at)
        FROM (
            SELECT id, run FROM jobs
            WHERE ended_at > now() - interval '1 hour' AND skill = :queue AND state = 'completed'
            ORDER BY ended_at DESC
            LIMIT 100
        ) AS graded
        JOIN runs ON runs.job_id = graded.id AND runs.run = graded.run
    ) AS mean
""")

# Waiting jobs are found without a lock, then locked as every other statement
# does it: the job first, its outbox row second. An array of ids leads to the rows
# through the primary keys; joins scan the tables where the planner expects many.
_FLAG = """
    WITH behind AS MATERIALIZED (
        SELECT job_id FROM outbox
        WHERE queue = :queue AND NOT delayed {condition}
        ORDER BY accepted_at
        {places} LIMIT :limit
    ),
    late AS (
        SELECT id FROM jobs
        WHERE id = ANY(ARRAY(SELECT job_id FROM behind)) AND state IN ('queued', 'retrying')
        FOR UPDATE SKIP LOCKED
    ),
    flagged AS (
        UPDATE jobs
        SET delayed = true, last_sequence = last_sequence + 1,
            feed_key = greatest(feed_key, current_feed_key()), updated_at = now()
        WHERE id = ANY(ARRAY(SELECT id FROM late))
        RETURNING *
    ),
    place AS (
        UPDATE outbox SET delayed = true WHERE job_id = ANY(ARRAY(SELECT id FROM flagged))
    ),
    event AS (
        INSERT INTO events (
            job_id, sequence, run, state, stage, progress, message, delayed, created_at, feed_key
        )
        SELECT id, last_sequence, run, state, 'waiting', progress,
               'Delayed: more work waits than can be graded soon.', true, now(), feed_key
        FROM flagged
    )
    SELECT notify_job(id) FROM flagged
"""

_FLAG_LONG_WAITING = text(
    _FLAG.format(condition="AND accepted_at < now() - :longest_wait", places="")
)
_FLAG_FAR_BEHIND = text(_FLAG.format(condition="", places="OFFSET :places"))


def measure_pace(conn: Connection, queue: str) -> Pace | None:
    """How fast the workers take the jobs of a queue; None where nothing was graded lately."""
    row = conn.execute(_PACE, {"queue": queue, "silence": SILENCE}).one()
    return None if row.mean is None else Pace(int(row.slots), row.mean)


def flag_long_waiting(conn: Connection, queue: str, longest_wait: timedelta, limit: int) -> int:
    """Flag jobs that have waited for longer than ``longest_wait``; tells how many."""
    wanted = {"queue": queue, "longest_wait": longest_wait, "limit": limit}
    return len(conn.execute(_FLAG_LONG_WAITING, wanted).all())


def flag_far_behind(conn: Connection, queue: str, places: int, limit: int) -> int:
    """Flag jobs that have ``places`` or more others before them; tells how many."""
    wanted = {"queue": queue, "places": places, "limit": limit}
    return len(conn.execute(_FLAG_FAR_BEHIND, wanted).all())
