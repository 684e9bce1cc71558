"""Domain objects as the contract's messages, and back."""

from datetime import datetime
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from grading.domain.audio import NotAssessableReason
from grading.domain.feedback import FeedbackLanguage
from grading.domain.job import JobState
from grading.domain.review import ReviewPriority, ReviewReason
from grading.domain.work import (
    Prompt,
    RecordingUrl,
    Skill,
    SpeakingPart,
    SpeakingSubmission,
    StoredRecording,
    Work,
    WritingTask,
    WritingWork,
)
from grading.store.records import (
    Event,
    Failure,
    FailureReason,
    Job,
    ResultSummary,
)
from vstep.grading.v1 import grading_service_pb2 as service
from vstep.grading.v1 import job_pb2 as job_messages
from vstep.grading.v1 import result_pb2 as result_messages
from vstep.grading.v1.error_pb2 import ErrorReason

_REASON = {
    FailureReason.DEADLINE_EXCEEDED: ErrorReason.ERROR_REASON_DEADLINE_EXCEEDED,
    FailureReason.RETRIES_EXHAUSTED: ErrorReason.ERROR_REASON_RETRIES_EXHAUSTED,
    FailureReason.GRADER_FAILED: ErrorReason.ERROR_REASON_GRADER_FAILED,
    FailureReason.AUDIO_REFUSED: ErrorReason.ERROR_REASON_AUDIO_REFUSED,
    FailureReason.PROVIDER_FAILED: ErrorReason.ERROR_REASON_PROVIDER_FAILED,
    FailureReason.DEAD_LETTERED: ErrorReason.ERROR_REASON_DEAD_LETTERED,
}


def state_name(state: JobState) -> str:
    """The contract's name of a state."""
    return f"JOB_STATE_{state.name}"


def state_from(value: job_messages.JobState.ValueType) -> JobState:
    """Read a state of the contract."""
    return JobState[job_messages.JobState.Name(value).removeprefix("JOB_STATE_")]


def skill_from(value: job_messages.Skill.ValueType) -> Skill | None:
    """Read a skill of a filter; None stands for any."""
    if value == job_messages.SKILL_UNSPECIFIED:
        return None
    return Skill[job_messages.Skill.Name(value).removeprefix("SKILL_")]


def work_from(request: service.SubmitJobRequest) -> Work:
    """Read the work of a validated request."""
    prompt = Prompt(request.prompt.text, tuple(request.prompt.requirements))
    language = _LANGUAGE.get(request.feedback_language, FeedbackLanguage.ENGLISH)
    if request.HasField("writing"):
        task = WritingTask(request.writing.task)
        return WritingWork(task, request.writing.text, prompt, language)
    speaking = request.speaking
    recording = (
        StoredRecording(UUID(speaking.audio_id))
        if speaking.HasField("audio_id")
        else RecordingUrl(speaking.audio_url)
    )
    return SpeakingSubmission(SpeakingPart(speaking.part), recording, prompt, language)


def priority_from(value: job_messages.ReviewPriority.ValueType) -> ReviewPriority | None:
    """Read a priority of a filter; None stands for any."""
    if value == job_messages.REVIEW_PRIORITY_UNSPECIFIED:
        return None
    return ReviewPriority[job_messages.ReviewPriority.Name(value).removeprefix("REVIEW_PRIORITY_")]


def job_to(job: Job) -> job_messages.Job:
    """Write a job."""
    message = job_messages.Job(
        id=str(job.id),
        request_id=str(job.request_id),
        submission_id=job.submission_id,
        attempt=job.attempt,
        user_id=job.user_id,
        skill=job_messages.Skill.Value(f"SKILL_{job.skill.name}"),
        state=_STATE[job.state],
        progress=job.progress,
        run=job.run,
        retries=job.retries,
        late=job.late,
        delayed=job.delayed,
        review_reasons=[_REVIEW_REASON[reason] for reason in job.review_reasons],
        last_sequence=job.last_sequence,
        accept_time=time_to(job.accepted_at),
        update_time=time_to(job.updated_at),
        deadline=time_to(job.deadline_at),
    )
    if job.writing_task is not None:
        message.writing_task = _TASK[job.writing_task]
    if job.speaking_part is not None:
        message.speaking_part = _PART[job.speaking_part]
    if job.ended_at is not None:
        message.end_time.FromDatetime(job.ended_at)
    if job.next_run_at is not None:
        message.next_run_time.FromDatetime(job.next_run_at)
    if job.review_priority is not None:
        message.review_priority = _REVIEW_PRIORITY[job.review_priority]
    if job.retry_of is not None:
        message.retry_of = str(job.retry_of)
    if job.failure is not None:
        message.error.CopyFrom(_error(job.failure))
    return message


def event_to(event: Event) -> job_messages.JobEvent:
    """Write an event."""
    message = job_messages.JobEvent(
        job_id=str(event.job_id),
        sequence=event.sequence,
        state=_STATE[event.state],
        stage=job_messages.JobStage.Value(f"JOB_STAGE_{event.stage.name}"),
        progress=event.progress,
        run=event.run,
        message=event.message,
        delayed=event.delayed,
        time=time_to(event.created_at),
    )
    match event.outcome:
        case ResultSummary() as summary:
            message.result.CopyFrom(_summary(summary))
        case Failure() as failure:
            message.error.CopyFrom(_error(failure))
    return message


def _summary(summary: ResultSummary) -> result_messages.ResultSummary:
    if summary.not_assessable is not None:
        return result_messages.ResultSummary(
            not_assessable=not_assessable_to(summary.not_assessable, summary.message)
        )
    assert summary.score is not None and summary.band is not None
    return result_messages.ResultSummary(
        score=summary.score,
        band=result_messages.Band.Value(f"BAND_{summary.band.name}"),
        caps=[result_messages.CapReason.Value(f"CAP_REASON_{cap.name}") for cap in summary.caps],
        flags=[result_messages.Flag.Value(f"FLAG_{flag.name}") for flag in summary.flags],
        confidence=summary.confidence,
    )


def not_assessable_to(reason: NotAssessableReason, message: str) -> result_messages.NotAssessable:
    """Write that there was nothing to grade."""
    return result_messages.NotAssessable(
        reason=result_messages.NotAssessableReason.Value(f"NOT_ASSESSABLE_REASON_{reason.name}"),
        message=message,
    )


def _error(failure: Failure) -> job_messages.JobError:
    return job_messages.JobError(reason=_REASON[failure.reason], message=failure.message)


def time_to(moment: datetime) -> Timestamp:
    """Write a moment."""
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp


_PART = {
    part: job_messages.SpeakingPart.Value(f"SPEAKING_PART_{part.name}") for part in SpeakingPart
}
_TASK = {task: job_messages.WritingTask.Value(f"WRITING_TASK_{task.name}") for task in WritingTask}
_STATE = {state: job_messages.JobState.Value(state_name(state)) for state in JobState}
_LANGUAGE = {
    result_messages.FeedbackLanguage.Value(f"FEEDBACK_LANGUAGE_{language.name}"): language
    for language in FeedbackLanguage
}
_REVIEW_PRIORITY = {
    priority: job_messages.ReviewPriority.Value(f"REVIEW_PRIORITY_{priority.name}")
    for priority in ReviewPriority
}
_REVIEW_REASON = {
    reason: job_messages.ReviewReason.Value(f"REVIEW_REASON_{reason.name}")
    for reason in ReviewReason
}
