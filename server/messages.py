"""Domain objects as the contract's messages, and back."""

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from grading.domain.job import JobState
from grading.domain.result import CriterionScore, Evidence
from grading.domain.work import Prompt, Skill, WritingTask, WritingWork
from grading.store.records import (
    Event,
    Failure,
    FailureReason,
    Job,
    ResultSummary,
    StoredResult,
)
from vstep.grading.v1 import grading_service_pb2 as service
from vstep.grading.v1 import job_pb2 as job_messages
from vstep.grading.v1 import result_pb2 as result_messages
from vstep.grading.v1.error_pb2 import ErrorReason

NOTICE = "A practice estimate made by a machine; not an official VSTEP result."

_REASON = {
    FailureReason.DEADLINE_EXCEEDED: ErrorReason.ERROR_REASON_DEADLINE_EXCEEDED,
    FailureReason.RETRIES_EXHAUSTED: ErrorReason.ERROR_REASON_RETRIES_EXHAUSTED,
    FailureReason.GRADER_FAILED: ErrorReason.ERROR_REASON_GRADER_FAILED,
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


def work_from(request: service.SubmitJobRequest) -> WritingWork:
    """Read the work of a validated request."""
    prompt = Prompt(request.prompt.text, tuple(request.prompt.requirements))
    return WritingWork(WritingTask(request.writing.task), request.writing.text, prompt)


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
        last_sequence=job.last_sequence,
        accept_time=_time(job.accepted_at),
        update_time=_time(job.updated_at),
        deadline=_time(job.deadline_at),
    )
    if job.writing_task is not None:
        message.writing_task = _TASK[job.writing_task]
    if job.ended_at is not None:
        message.end_time.FromDatetime(job.ended_at)
    if job.next_run_at is not None:
        message.next_run_time.FromDatetime(job.next_run_at)
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
        time=_time(event.created_at),
    )
    match event.outcome:
        case ResultSummary() as summary:
            message.result.CopyFrom(
                result_messages.ResultSummary(
                    score=summary.score,
                    band=result_messages.Band.Value(f"BAND_{summary.band.name}"),
                    caps=[
                        result_messages.CapReason.Value(f"CAP_REASON_{cap.name}")
                        for cap in summary.caps
                    ],
                    flags=[
                        result_messages.Flag.Value(f"FLAG_{flag.name}") for flag in summary.flags
                    ],
                )
            )
        case Failure() as failure:
            message.error.CopyFrom(_error(failure))
    return message


def result_to(stored: StoredResult) -> result_messages.Result:
    """Write a result."""
    result = stored.result
    provenance = result_messages.Provenance(
        grader=result.provenance.grader,
        grader_version=result.provenance.grader_version,
        rubric_version=result.provenance.rubric_version,
        feature_version=result.provenance.feature_version,
        run=stored.run,
        tools=result.provenance.tools,
    )
    provenance.grading_duration.FromTimedelta(stored.grading_duration)
    return result_messages.Result(
        job_id=str(stored.job_id),
        score=float(result.score),
        exact_score=float(result.exact_score),
        band=result_messages.Band.Value(f"BAND_{result.band.name}"),
        criteria=[_criterion(score) for score in result.criteria],
        caps=[
            result_messages.Cap(
                reason=result_messages.CapReason.Value(f"CAP_REASON_{cap.reason.name}"),
                limit=float(cap.limit),
                message=cap.message,
            )
            for cap in result.caps
        ],
        flags=[result_messages.Flag.Value(f"FLAG_{flag.name}") for flag in result.flags],
        word_count=result.word_count,
        provenance=provenance,
        create_time=_time(stored.created_at),
        notice=NOTICE,
    )


def _criterion(score: CriterionScore) -> result_messages.CriterionScore:
    return result_messages.CriterionScore(
        criterion=result_messages.Criterion.Value(f"CRITERION_{score.criterion.name}"),
        score=float(score.score),
        weight=float(score.weight),
        band=result_messages.Band.Value(f"BAND_{score.band.name}"),
        descriptor=score.descriptor,
        evidence=[_evidence(evidence) for evidence in score.evidence],
    )


def _evidence(evidence: Evidence) -> result_messages.Evidence:
    return result_messages.Evidence(
        kind=evidence.kind,
        message=evidence.message,
        impact=result_messages.Impact.Value(f"IMPACT_{evidence.impact.name}"),
        value=evidence.value,
        points=evidence.points,
        quotes=[
            result_messages.Quote(text=quote.text, start=quote.start, end=quote.end)
            for quote in evidence.quotes
        ],
    )


def _error(failure: Failure) -> job_messages.JobError:
    return job_messages.JobError(reason=_REASON[failure.reason], message=failure.message)


def _time(moment: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp


_TASK = {task: job_messages.WritingTask.Value(f"WRITING_TASK_{task.name}") for task in WritingTask}
_STATE = {state: job_messages.JobState.Value(state_name(state)) for state in JobState}
