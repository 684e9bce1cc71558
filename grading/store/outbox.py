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


# SKIP LOCKED: any number of relays share the rows without waiting for each
# other. The locks last until the caller's transaction ends, so a relay that
# dies between sending and marking leaves the rows unsent, and another sends
# them again; a claim makes the second message harmless.
_TAKE = text("""
    SELECT job_id, queue FROM outbox
    WHERE sent_at IS NULL
    ORDER BY created_at
    LIMIT :limit
    FOR UPDATE SKIP LOCKED
""")

_MARK = text("""
    UPDATE outbox SET sent_at = now(), sends = sends + 1
    WHERE job_id = ANY(CAST(:job_ids AS uuid[]))
""")

# A broker may lose messages, and so may a worker that dies between taking one
# and claiming its job. What was sent and never claimed is sent again, each time
# after twice the time, so that a long queue isn't flooded with copies.
_UNSEND = text("""
    UPDATE outbox SET sent_at = NULL
    WHERE job_id IN (
        SELECT job_id FROM outbox
        WHERE sent_at < now() - :resend_after
          AND sent_at < now() - :resend_after * power(2, least(sends - 1, 10))
        ORDER BY sent_at
        LIMIT :limit
        FOR UPDATE SKIP LOCKED
    )
""")


def take_unsent(conn: Connection, limit: int) -> Sequence[Message]:
    """Lock up to ``limit`` rows that were not sent yet, oldest first, for this transaction."""
    return [Message(row.job_id, row.queue) for row in conn.execute(_TAKE, {"limit": limit})]


def mark_sent(conn: Connection, messages: Sequence[Message]) -> None:
    """Mark rows as sent; to be called once the broker has confirmed them."""
    conn.execute(_MARK, {"job_ids": [message.job_id for message in messages]})


def unsend_lost(conn: Connection, resend_after: timedelta, limit: int) -> int:
    """Have messages sent again that nobody took for a long time; tells how many."""
    return conn.execute(_UNSEND, {"resend_after": resend_after, "limit": limit}).rowcount
