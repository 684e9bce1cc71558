"""Recordings as uploads leave them, and jobs that name them."""

import hashlib
import io
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import uuid_utils
from sqlalchemy import Connection

from grading.domain.work import Prompt, SpeakingPart, SpeakingSubmission, StoredRecording
from grading.recordings import open_recordings
from grading.settings import Settings
from grading.store.acceptance import accept
from grading.store.recordings import NewRecording, announce_recording, mark_stored
from tests.stack.submissions import new_job


def store_recording(conn: Connection, settings: Settings, content: bytes) -> UUID:
    """Store a recording of the learner whose jobs ``new_job`` makes."""
    recording = NewRecording(
        id=UUID(int=uuid_utils.uuid7().int),
        user_id="learner-1",
        key=f"uploads/{uuid_utils.uuid7()}",
        container="ogg",
        size_bytes=len(content),
        sha256=hashlib.sha256(content).digest(),
    )
    announce_recording(conn, recording)
    open_recordings(settings).keep(recording.key, io.BytesIO(content))
    mark_stored(conn, recording.id, timedelta(hours=1))
    return recording.id


def submit_recording(
    conn: Connection,
    settings: Settings,
    content: bytes,
    prompt: Prompt,
    part: SpeakingPart = SpeakingPart.TOPIC_DEVELOPMENT,
) -> UUID:
    """Accept a job with a recorded answer; gives its id."""
    recording = StoredRecording(store_recording(conn, settings, content))
    work = SpeakingSubmission(part, recording, prompt)
    job = replace(new_job(time_allowed=timedelta(hours=1)), work=work)
    accept(conn, [job])
    return job.id
