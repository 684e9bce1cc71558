"""Purging what is no longer needed, a few jobs at a time."""

from datetime import timedelta

from sqlalchemy import Connection, text

# Jobs are taken in the order in which they ended, from where the last purge of the
# kind stopped: without that place, each look would walk over all that was purged
# before. Its row is locked, so of several janitors one purges and the others find
# nothing to do. WITH TIES takes jobs that ended in the same moment together.
# Only jobs that ended: what is unfinished is never purged.
_PURGE = """
    WITH place AS (
        SELECT ended_at FROM purges WHERE kind = '{kind}' FOR UPDATE SKIP LOCKED
    ),
    old AS (
        SELECT jobs.id, jobs.ended_at FROM jobs
        WHERE jobs.ended_at > (SELECT ended_at FROM place)
          AND jobs.ended_at < now() - :age
        ORDER BY jobs.ended_at
        FETCH FIRST :jobs ROWS WITH TIES
    ),
    purged AS (
        DELETE FROM {kind} WHERE job_id = ANY(ARRAY(SELECT id FROM old)) {returning}
    ),
    moved AS (
        UPDATE purges SET ended_at = (SELECT max(ended_at) FROM old)
        WHERE kind = '{kind}' AND EXISTS (SELECT FROM old)
    )
    {then}
    SELECT count(*) FROM old
"""

# The horizon rises in the same statement, so no cursor can go on across a hole
# without being told.
_RAISE_HORIZON = """
    , horizon AS (
        UPDATE feed_horizon
        SET purged_key = greatest(
            purged_key, (SELECT feed_key FROM purged ORDER BY feed_key DESC LIMIT 1)
        )
        WHERE EXISTS (SELECT FROM purged)
    )
"""

_EVENTS = text(_PURGE.format(kind="events", returning="RETURNING feed_key", then=_RAISE_HORIZON))
# What models answered quotes the learner. A recording that no other job names is erased
# next, also one that was uploaded so lately that it might still wait for a job.
_WITH_WHAT_BELONGS_TO_THEM = """
    , quoting AS (
        DELETE FROM provider_answers WHERE job_id = ANY(ARRAY(SELECT id FROM old))
    ),
    unwanted AS (
        UPDATE recordings SET wanted_until = now()
        WHERE id = ANY(ARRAY(SELECT recording_id FROM purged)) AND wanted_until > now()
    )
"""

_ANSWERS = text(
    _PURGE.format(
        kind="answers", returning="RETURNING recording_id", then=_WITH_WHAT_BELONGS_TO_THEM
    )
)


def purge_events(conn: Connection, age: timedelta, jobs: int) -> int:
    """Delete the events of about ``jobs`` jobs that ended longer than ``age`` ago.

    Tells how many jobs it dealt with; 0 when no more are to be.
    """
    return int(conn.scalar(_EVENTS, {"age": age, "jobs": jobs}) or 0)


def purge_answers(conn: Connection, age: timedelta, jobs: int) -> int:
    """Delete the answers of about ``jobs`` jobs that ended longer than ``age`` ago.

    Tells how many jobs it dealt with; 0 when no more are to be.
    """
    return int(conn.scalar(_ANSWERS, {"age": age, "jobs": jobs}) or 0)
