"""Recordings as uploads leave them, and jobs that name them."""

import io
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection

from grading.domain.work import Prompt, SpeakingPart, SpeakingSubmission, StoredRecording
from grading.recordings import open_recordings
from grading.settings import Settings
from grading.store.acceptance import accept
from grading.store.recordings import announce_recording, mark_stored
from tests.stack.recordings import KEEP, new_recording
from tests.stack.submissions import new_job


def store_recording(conn: Connection, settings: Settings, content: bytes) -> UUID:
    """Store a recording of the learner whose jobs ``new_job`` makes."""
    recording = new_recording(content=content, container="ogg")
    announce_recording(conn, recording)
    open_recordings(settings).keep(recording.key, io.BytesIO(content))
    mark_stored(conn, recording.id, KEEP)
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
