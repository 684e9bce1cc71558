"""Recordings: which there are, whose they are, and which are to be erased.

The bytes lie in another store, which knows no transactions. A row is written before them and
deleted before them, so that whatever dies in between leaves a row that tells what to erase.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from grading.domain.caller import DEFAULT_TENANT


@dataclass(frozen=True, slots=True)
class NewRecording:
    """A recording that is about to be stored."""

    id: UUID
    user_id: str
    #: Its name in the store of recordings.
    key: str
    #: The format that its first bytes tell.
    container: str
    size_bytes: int
    sha256: bytes
    #: Whose recording it is; jobs of other tenants can't name it.
    tenant: str = DEFAULT_TENANT


_ANNOUNCE = text("""
    INSERT INTO recordings (
        id, user_id, key, container, size_bytes, sha256, created_at, wanted_until, tenant
    )
    VALUES (
        :id, :user_id, :key, :container, :size_bytes, :sha256, now(), now() + interval '1 hour',
        :tenant
    )
    -- Its own row, from a try whose answer was lost.
    ON CONFLICT (id) DO NOTHING
""")

_STORED = text("""
    UPDATE recordings SET stored_at = now(), wanted_until = now() + :keep WHERE id = :id
""")

# Fetched for a job: the next run, and an examiner, find it in the store.
_FETCHED = text("""
    WITH stored AS (
        UPDATE recordings SET stored_at = now(), wanted_until = now() WHERE id = :id RETURNING id
    )
    UPDATE answers SET recording_id = stored.id FROM stored
    WHERE job_id = :job_id AND recording_id IS NULL
""")

# What no answer names goes; an answer that is being written keeps it, by the foreign key.
_CONDEMN = text("""
    WITH condemned AS (
        DELETE FROM recordings
        WHERE id = ANY(CAST(:ids AS uuid[]))
          AND NOT EXISTS (SELECT FROM answers WHERE answers.recording_id = recordings.id)
        RETURNING key
    )
    INSERT INTO condemned_recordings (key, condemned_at)
    SELECT key, now() FROM condemned
    RETURNING key
""")

_UNWANTED = text("""
    SELECT id FROM recordings
    WHERE wanted_until < now()
      AND NOT EXISTS (SELECT FROM answers WHERE answers.recording_id = recordings.id)
    ORDER BY wanted_until
    LIMIT :limit
""")

_CONDEMNED = text("SELECT key FROM condemned_recordings ORDER BY condemned_at LIMIT :limit")
_ERASED = text("DELETE FROM condemned_recordings WHERE key = ANY(CAST(:keys AS text[]))")
_OF_JOB = text("""
    SELECT recording_id FROM answers JOIN jobs ON jobs.id = job_id
    WHERE job_id = :job_id AND tenant = :tenant AND recording_id IS NOT NULL
""")


def announce_recording(conn: Connection, recording: NewRecording) -> None:
    """Write down a recording before its bytes are stored."""
    conn.execute(
        _ANNOUNCE,
        {
            "id": recording.id,
            "user_id": recording.user_id,
            "key": recording.key,
            "container": recording.container,
            "size_bytes": recording.size_bytes,
            "sha256": recording.sha256,
            "tenant": recording.tenant,
        },
    )


def mark_stored(conn: Connection, recording_id: UUID, keep: timedelta) -> bool:
    """Note that a recording's bytes are stored: jobs may name it, for ``keep`` at the least.

    Tells whether it could: what took too long to be stored was given up meanwhile.
    """
    return conn.execute(_STORED, {"id": recording_id, "keep": keep}).rowcount > 0


def mark_fetched(conn: Connection, recording_id: UUID, job_id: UUID) -> None:
    """The same of one that a worker fetched for a job, which has it from here on."""
    conn.execute(_FETCHED, {"id": recording_id, "job_id": job_id})


def find_recording_of(conn: Connection, job_id: UUID, tenant: str = DEFAULT_TENANT) -> UUID | None:
    """The recording that the answer of a tenant's job names."""
    found: UUID | None = conn.scalar(_OF_JOB, {"job_id": job_id, "tenant": tenant})
    return found


def condemn_recordings(conn: Connection, ids: Sequence[UUID]) -> Sequence[str]:
    """Give up recordings that no answer names; gives the keys that are to be erased."""
    try:
        return [row.key for row in conn.execute(_CONDEMN, {"ids": list(ids)})]
    except IntegrityError:
        # An answer was written meanwhile that names one of them.
        return [key for one in ids for key in condemn_recordings(conn, [one])] if ids[1:] else []


def find_unwanted(conn: Connection, limit: int) -> Sequence[UUID]:
    """Recordings that no answer names, or names any more, and whose upload broke off."""
    return [row.id for row in conn.execute(_UNWANTED, {"limit": limit})]


def find_condemned(conn: Connection, limit: int) -> Sequence[str]:
    """Keys of recordings that are to be erased."""
    return [row.key for row in conn.execute(_CONDEMNED, {"limit": limit})]


def forget_condemned(conn: Connection, keys: Sequence[str]) -> None:
    """Note that the bytes of recordings are gone."""
    conn.execute(_ERASED, {"keys": list(keys)})
