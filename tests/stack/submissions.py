"""Submissions, each under a name of its own."""

from datetime import timedelta
from itertools import count
from uuid import UUID, uuid4

import uuid_utils

from grading.domain.work import (
    Prompt,
    RecordingUrl,
    SpeakingPart,
    SpeakingSubmission,
    StoredRecording,
    Work,
    WritingTask,
    WritingWork,
)
from grading.store.records import NewJob
from vstep.grading.v1.grading_service_pb2 import SubmitJobRequest
from vstep.grading.v1.job_pb2 import SPEAKING_PART_SOCIAL_INTERACTION, WRITING_TASK_ESSAY
from vstep.grading.v1.job_pb2 import Prompt as PromptMessage
from vstep.grading.v1.job_pb2 import SpeakingWork as SpeakingWorkMessage
from vstep.grading.v1.job_pb2 import WritingWork as WritingWorkMessage

_numbers = count(1)


def submission(text: str = "Graded at once.", user_id: str = "learner-1") -> SubmitJobRequest:
    """A request that keeps every rule, and differs from all before."""
    return SubmitJobRequest(
        request_id=str(uuid4()),
        submission_id=f"submission-{next(_numbers)}",
        attempt=1,
        user_id=user_id,
        prompt=PromptMessage(text="Write an essay.", requirements=["Give two reasons"]),
        writing=WritingWorkMessage(task=WRITING_TASK_ESSAY, text=text),
    )


def spoken(
    audio_id: str = "", audio_url: str = "", prompt: str = "Talk.", user_id: str = "learner-1"
) -> SubmitJobRequest:
    """The same of a recording."""
    request = submission(user_id=user_id)
    request.prompt.CopyFrom(PromptMessage(text=prompt))
    request.speaking.CopyFrom(SpeakingWorkMessage(part=SPEAKING_PART_SOCIAL_INTERACTION))
    if audio_url:
        request.speaking.audio_url = audio_url
    else:
        request.speaking.audio_id = audio_id
    return request


def essay(text: str = "An answer.") -> WritingWork:
    """An answer to a writing task."""
    return WritingWork(WritingTask.ESSAY, text, Prompt("Write.", ("Give two reasons",)))


def talk(recording: UUID | str) -> SpeakingSubmission:
    """A recorded answer: one that was uploaded, or one at an address."""
    source = RecordingUrl(recording) if isinstance(recording, str) else StoredRecording(recording)
    return SpeakingSubmission(SpeakingPart.SOCIAL_INTERACTION, source, Prompt("Talk."))


def new_job(
    *,
    request_id: UUID | None = None,
    payload: bytes = b"payload",
    submission_id: str | None = None,
    attempt: int = 1,
    text: str = "An answer.",
    work: Work | None = None,
    time_allowed: timedelta = timedelta(minutes=20),
) -> NewJob:
    """A job for the store, which differs from all before where nothing is said."""
    return NewJob(
        id=UUID(int=uuid_utils.uuid7().int),
        request_id=request_id or uuid4(),
        payload_hash=payload.ljust(32),
        user_id="learner-1",
        submission_id=submission_id or f"submission-{next(_numbers)}",
        attempt=attempt,
        work=work or essay(text),
        time_allowed=time_allowed,
    )
