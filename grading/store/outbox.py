"""The outbox: one row for each job that wants a worker."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Message:
    """A message to be sent: the job's id, to the queue of its skill."""

    job_id: UUID
    queue: str


@dataclass(frozen=True, slots=True)
class QueueLength:
    """What waits in a queue for a worker."""

    #: Jobs that want a worker.
    waiting: int = 0
    #: Those of them that the broker has no message of.
    unsent: int = 0
    #: Seconds since the oldest job was accepted; 0 where there is none.
    oldest: float = 0.0
    #: Seconds since the oldest unsent one was; 0 where there is none.
    oldest_unsent: float = 0.0


# Advisory locks: any number of relays share the rows without waiting for each other.
# They last until the caller's transaction ends, so a relay that dies between sending
# and marking leaves the rows unsent, and another sends them again; a claim makes the
# second message harmless. Locked rows would do the same, but a transaction that locks a
# row has an id, and the feed stops at the oldest one that runs: it would stand still
# for as long as the broker takes to confirm.
_TAKE = text("""
    WITH unsent AS MATERIALIZED (
        SELECT job_id FROM outbox
        WHERE queue = :queue AND sent_at IS NULL
        ORDER BY accepted_at
        LIMIT 4 * :limit
    )
    SELECT job_id FROM unsent
    WHERE pg_try_advisory_xact_lock(hashtextextended(job_id::text, 0))
    LIMIT :limit
""")

# Runs after _TAKE and therefore on a newer snapshot: what another relay sent just
# before its lock was got is left out.
_STILL_UNSENT = text("""
    SELECT job_id, queue FROM outbox
    WHERE job_id = ANY(CAST(:job_ids AS uuid[])) AND sent_at IS NULL
    ORDER BY accepted_at
""")

_ROOM = text("""
    SELECT :window - count(*) FROM (
        SELECT FROM outbox WHERE queue = :queue AND sent_at IS NOT NULL LIMIT :window
    ) AS unclaimed
""")

_MARK = text("""
    UPDATE outbox SET sent_at = now(), sends = sends + 1
    WHERE job_id = ANY(CAST(:job_ids AS uuid[]))
""")

# A broker may lose messages, and so may a worker that dies between taking one
# and claiming its job. What was sent and never claimed is sent again, each time
# after twice the time: workers may just be slow.
#
# A claim, a cancel or an erasure that waited for the release of a retry has an older snapshot
# than the row the release put here, and leaves it behind; it is removed instead.
# Should the job want a worker again by now, its release finds no row and makes one.
#
# An array of ids leads to the rows through the primary key; a join scans the table
# where the planner expects many.
_UNSEND = text("""
    WITH lost AS (
        SELECT job_id, coalesce(
            (SELECT state IN ('queued', 'retrying') FROM jobs WHERE id = outbox.job_id), false
        ) AS wanted
        FROM outbox
        WHERE sent_at < now() - :resend_after
          AND sent_at < now() - :resend_after * power(2, least(sends - 1, 10))
        ORDER BY sent_at
        LIMIT :limit
        FOR UPDATE SKIP LOCKED
    ),
    left_behind AS (
        DELETE FROM outbox WHERE job_id = ANY(ARRAY(SELECT job_id FROM lost WHERE NOT wanted))
    )
    UPDATE outbox SET sent_at = NULL
    WHERE job_id = ANY(ARRAY(SELECT job_id FROM lost WHERE wanted))
""")


_UNSEND_ALL = text("""
    WITH lost AS (
        SELECT job_id FROM outbox WHERE sent_at IS NOT NULL FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox SET sent_at = NULL, sends = 0 WHERE job_id = ANY(ARRAY(SELECT job_id FROM lost))
""")

# All from one reading of the table, which holds nothing but what waits.
_QUEUES = text("""
    SELECT queue, count(*) AS waiting, count(*) - count(sent_at) AS unsent,
           extract(epoch FROM now() - min(accepted_at))::float8 AS oldest,
           extract(epoch FROM now() - min(accepted_at) FILTER (WHERE sent_at IS NULL))::float8
               AS oldest_unsent
    FROM outbox
    GROUP BY queue
""")


def read_queues(conn: Connection) -> dict[str, QueueLength]:
    """What waits in each queue that is not empty."""
    return {
        row.queue: QueueLength(row.waiting, row.unsent, row.oldest, row.oldest_unsent or 0.0)
        for row in conn.execute(_QUEUES)
    }


def room_for(conn: Connection, queue: str, window: int) -> int:
    """How many messages the broker may still be given, if it is to hold ``window`` unclaimed.

    Relays that ask at the same time may exceed the window by a batch each.
    """
    return int(conn.scalar(_ROOM, {"queue": queue, "window": window}) or 0)


def take_unsent(conn: Connection, queue: str, limit: int) -> Sequence[Message]:
    """Take up to ``limit`` rows that were not sent yet, oldest first, for this transaction."""
    taken = [row.job_id for row in conn.execute(_TAKE, {"queue": queue, "limit": limit})]
    if not taken:
        return []
    rows = conn.execute(_STILL_UNSENT, {"job_ids": taken})
    return [Message(row.job_id, row.queue) for row in rows]


def mark_sent(conn: Connection, messages: Sequence[Message]) -> None:
    """Mark rows as sent; to be called once the broker has confirmed them."""
    conn.execute(_MARK, {"job_ids": [message.job_id for message in messages]})


def unsend_lost(conn: Connection, resend_after: timedelta, limit: int) -> int:
    """Have messages sent again that nobody took for a long time; tells how many."""
    return conn.execute(_UNSEND, {"resend_after": resend_after, "limit": limit}).rowcount


def unsend_all(conn: Connection) -> int:
    """Have every message that nobody took sent again, to a broker that lost all; tells how many."""
    return conn.execute(_UNSEND_ALL).rowcount
