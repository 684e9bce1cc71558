"""Recordings in the store, and what is left of them."""

import uuid
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import uuid_utils
from sqlalchemy import Connection, text

from grading.recordings import Recordings, open_recordings
from grading.store.recordings import NewRecording, announce_recording, mark_stored
from tests.stack.postgres import Database

KEEP = timedelta(hours=24)
CONTENT = b"RIFF\x24\x00\x00\x00WAVE" + bytes(range(256)) * 8


def new_recording(
    user_id: str = "learner-1", content: bytes = CONTENT, container: str = "wav"
) -> NewRecording:
    """A recording for the store, under a name of its own."""
    recording_id = UUID(int=uuid_utils.uuid7().int)
    return NewRecording(
        id=recording_id,
        user_id=user_id,
        key=f"uploads/{recording_id}",
        container=container,
        size_bytes=len(content),
        sha256=sha256(content).digest(),
    )


def stored(conn: Connection, user_id: str = "learner-1") -> UUID:
    """The row of a recording that jobs may name."""
    recording = new_recording(user_id)
    announce_recording(conn, recording)
    assert mark_stored(conn, recording.id, KEEP)
    return recording.id


def let_expire(conn: Connection) -> None:
    """Have every recording lie in the store for longer than it has to."""
    conn.execute(text("UPDATE recordings SET wanted_until = now() - interval '1 s'"))


def recordings_of(database: Database, folder: Path) -> Recordings:
    """The store of recordings in a folder."""
    return open_recordings(database.settings(grading_audio_url=folder.as_uri()))


def rows_left(database: Database) -> list[uuid.UUID | str]:
    """What the database tells of recordings: ids, and keys that are to be erased."""
    found = database.rows("SELECT id FROM recordings ORDER BY id")
    condemned = database.rows("SELECT key FROM condemned_recordings ORDER BY key")
    return [*(row["id"] for row in found), *(row["key"] for row in condemned)]


def files_left(folder: Path) -> list[str]:
    """Every file in a folder, by its path from there."""
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
