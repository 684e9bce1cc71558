"""The workers' signs of life, for the health check."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, text

#: How often a worker reports, in seconds.
PRESENCE_SECONDS = 2.0
#: A worker that was silent for so long counts as gone.
SILENCE = timedelta(seconds=3 * PRESENCE_SECONDS)

_SEEN = text("""
    INSERT INTO workers (name, queues, slots, started_at, seen_at)
    VALUES (:name, :queues, :slots, now(), now())
    ON CONFLICT (name)
    DO UPDATE SET queues = excluded.queues, slots = excluded.slots, seen_at = now()
""")

_GONE = text("DELETE FROM workers WHERE name = :name OR seen_at < now() - interval '1 day'")

_ALIVE = text("SELECT count(*) FROM workers WHERE seen_at > now() - :silence")


def report_alive(conn: Connection, name: str, queues: Sequence[str], slots: int) -> None:
    """Say that the worker ``name`` lives and grades ``slots`` jobs of ``queues`` at a time."""
    conn.execute(_SEEN, {"name": name, "queues": list(queues), "slots": slots})


def report_gone(conn: Connection, name: str) -> None:
    """Say that the worker ``name`` stopped; forgets those that went without a word."""
    conn.execute(_GONE, {"name": name})


def count_alive(conn: Connection) -> int:
    """How many workers were heard of lately."""
    return int(conn.scalar(_ALIVE, {"silence": SILENCE}) or 0)
