"""The event log: reading it, and the channel that hints at new entries."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from grading.domain.job import JobStage, JobState
from grading.store.documents import outcome_from_document
from grading.store.records import Event

#: NOTIFY's channel; the payload is the id of a job whose log grew.
CHANNEL = "job_events"

# Jobs and cursors come as two arrays, so that one query serves any number of
# watchers. LIMIT keeps an answer to a size that a server can hold.
_AFTER = text("""
    SELECT events.*
    FROM unnest(CAST(:job_ids AS uuid[]), CAST(:cursors AS bigint[])) AS watched (id, cursor)
    JOIN events ON events.job_id = watched.id AND events.sequence > watched.cursor
    ORDER BY events.job_id, events.sequence
    LIMIT :limit
""")


def read_events(conn: Connection, cursors: Mapping[UUID, int], limit: int) -> Sequence[Event]:
    """Read the events of each job that come after its cursor, in order for each job."""
    rows = conn.execute(
        _AFTER,
        {"job_ids": list(cursors.keys()), "cursors": list(cursors.values()), "limit": limit},
    )
    return [event_from(row) for row in rows]


def event_from(row: Any) -> Event:
    """Read a row of ``events``."""
    return Event(
        job_id=row.job_id,
        sequence=row.sequence,
        run=row.run,
        state=JobState(row.state),
        stage=JobStage(row.stage),
        progress=row.progress,
        message=row.message,
        created_at=row.created_at,
        outcome=outcome_from_document(row.outcome),
        delayed=row.delayed,
    )
