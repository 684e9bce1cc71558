"""What goes into the store and comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from grading.domain.audio import NotAssessableReason
from grading.domain.caller import DEFAULT_TENANT
from grading.domain.feedback import FeedbackLanguage
from grading.domain.job import JobStage, JobState
from grading.domain.result import CapReason, Flag, NotAssessable, Outcome, ScoredBy
from grading.domain.review import ReviewPriority, ReviewReason
from grading.domain.score import Band
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
    skill_of,
)


class FailureReason(StrEnum):
    """Why a job failed, or a run did."""

    DEADLINE_EXCEEDED = "deadline_exceeded"
    RETRIES_EXHAUSTED = "retries_exhausted"
    GRADER_FAILED = "grader_failed"
    #: The recording can't be used.
    AUDIO_REFUSED = "audio_refused"
    #: A provider refused in a way that another run would not mend.
    PROVIDER_FAILED = "provider_failed"
    #: The broker gave up on handing the job to a worker.
    DEAD_LETTERED = "dead_lettered"
    #: Of a run only: a fault that another run may mend.
    TRANSIENT = "transient"
    #: Of a run only: the job had to wait for something.
    POSTPONED = "postponed"
    #: Of a run only: the lease ran out without a sign of life.
    WORKER_LOST = "worker_lost"


@dataclass(frozen=True, slots=True)
class Failure:
    """A class of failure, and one sentence that holds nothing of the learner's text."""

    reason: FailureReason
    message: str


@dataclass(frozen=True, slots=True)
class NewJob:
    """A unit of work as a client submitted it."""

    id: UUID
    request_id: UUID
    #: SHA-256 over everything but the request id.
    payload_hash: bytes
    user_id: str
    submission_id: str
    #: The client's count of gradings of this submission.
    attempt: int
    work: Work
    #: Time from acceptance to the deadline.
    time_allowed: timedelta
    #: The FAILED job that this one repeats.
    retry_of: UUID | None = None
    #: Whose job it is; no other tenant ever hears of it.
    tenant: str = DEFAULT_TENANT
    #: Of the call that submitted it (W3C Trace Context); None where it is not traced.
    traceparent: str | None = None
    #: Groups that the client named, to look for bias; for nothing else, and for no log.
    labels: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)

    @property
    def skill(self) -> Skill:
        """The skill of the work, which is also the name of its queue."""
        return skill_of(self.work)

    @property
    def writing_task(self) -> WritingTask | None:
        """The writing task; None for another skill."""
        return self.work.task if isinstance(self.work, WritingWork) else None

    @property
    def speaking_part(self) -> SpeakingPart | None:
        """The part of the speaking paper; None for another skill."""
        return self.work.part if isinstance(self.work, SpeakingSubmission) else None


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands."""

    id: UUID
    request_id: UUID
    payload_hash: bytes
    user_id: str
    submission_id: str
    attempt: int
    skill: Skill
    writing_task: WritingTask | None
    speaking_part: SpeakingPart | None
    state: JobState
    #: 0 to 1, of the current run.
    progress: float
    #: How many times a worker took the job; the fencing token of the newest.
    run: int
    #: How many of the runs ended in a fault that another run may mend.
    retries: int
    last_sequence: int
    accepted_at: datetime
    updated_at: datetime
    deadline_at: datetime
    ended_at: datetime | None
    failure: Failure | None
    #: When a RETRYING job is taken again; None once it is due.
    next_run_at: datetime | None = None
    #: A result came after the deadline had failed the job.
    late: bool = False
    #: The FAILED job that this one repeats.
    retry_of: UUID | None = None
    #: It waits, or waited, longer than a job should.
    delayed: bool = False
    #: Whether, why and how soon a person has to look at the result.
    review_priority: ReviewPriority | None = None
    review_reasons: tuple[ReviewReason, ...] = ()
    #: Of the call that submitted it (W3C Trace Context); None where it is not traced.
    traceparent: str | None = None
    #: Groups that the client named, to look for bias; for nothing else, and for no log.
    labels: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)


@dataclass(frozen=True, slots=True)
class ResultSummary:
    """The gist of a result, as the event that ends a job carries it."""

    #: None where there was nothing to grade.
    score: float | None
    band: Band | None
    caps: tuple[CapReason, ...]
    flags: tuple[Flag, ...]
    #: 0 to 100; None of results that were made before there was one.
    confidence: int | None = None
    #: Why there was nothing to grade, and one sentence about it.
    not_assessable: NotAssessableReason | None = None
    message: str = ""

    @classmethod
    def of(cls, result: Outcome) -> "ResultSummary":
        """Take the gist of ``result``."""
        if isinstance(result, NotAssessable):
            return cls(None, None, (), (), None, result.reason, result.message)
        return cls(
            score=float(result.score),
            band=result.band,
            caps=tuple(cap.reason for cap in result.caps),
            flags=result.flags,
            confidence=None if result.confidence is None else result.confidence.value,
        )


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a job's log."""

    job_id: UUID
    #: 1, 2, 3 … for each job.
    sequence: int
    run: int
    state: JobState
    stage: JobStage
    progress: float
    message: str
    created_at: datetime
    #: How the job ended; only on COMPLETED and FAILED.
    outcome: ResultSummary | Failure | None
    #: From here on the job counts as delayed.
    delayed: bool = False


@dataclass(frozen=True, slots=True)
class StoredResult:
    """A result beside what the store knows of its making."""

    job_id: UUID
    run: int
    result: Outcome
    #: Confident enough to be given out, not enough to be forgotten.
    audit: bool
    grading_duration: timedelta
    created_at: datetime
    #: Of the call that submitted the job.
    traceparent: str | None = None
    #: Whose marks it is; the machine's where no examiner marked.
    scored_by: ScoredBy = ScoredBy.MACHINE


@dataclass(frozen=True, slots=True)
class ClaimedTrace:
    """What a run's trace tells of how its job came to it."""

    #: Of the call that submitted the job.
    traceparent: str
    #: Seconds since the job was accepted.
    waited: float
    #: Seconds since its message was given to the broker; None where a worker was faster than the
    #: relay, which notes that once the broker has confirmed it.
    sent_ago: float | None
    #: How often a message was sent for this run, as noted by then.
    sends: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A job in a worker's hands. ``run`` is the fencing token of every later write."""

    job_id: UUID
    run: int
    #: How many retries the job had used up before this run.
    retries: int
    work: Work
    #: Where the recording lies in the store of recordings; None where it is still to be fetched.
    recording_key: str | None = None
    #: The client's name for the learner.
    user_id: str = ""
    #: From the job's acceptance to the claim, by the database's clock.
    waited: timedelta = timedelta()
    tenant: str = DEFAULT_TENANT
    trace: "ClaimedTrace | None" = None


def work_from(row: Any) -> Work:
    """Read a row of ``answers`` with the columns of its job that tell what it answers."""
    prompt = Prompt(row.prompt, tuple(row.requirements))
    language = FeedbackLanguage(row.feedback_language)
    if row.speaking_part is None:
        return WritingWork(WritingTask(row.writing_task), row.text, prompt, language)
    # What was fetched for a job is still what its client named.
    recording = (
        StoredRecording(row.recording_id) if row.audio_url is None else RecordingUrl(row.audio_url)
    )
    return SpeakingSubmission(SpeakingPart(row.speaking_part), recording, prompt, language)


def failure_from(reason: str | None, message: str | None) -> Failure | None:
    """Read the two columns that say why a job failed."""
    return None if reason is None else Failure(FailureReason(reason), message or "")


def job_from(row: Any) -> Job:
    """Read a row of ``jobs``."""
    return Job(
        id=row.id,
        request_id=row.request_id,
        payload_hash=row.payload_hash,
        user_id=row.user_id,
        submission_id=row.submission_id,
        attempt=row.attempt,
        skill=Skill(row.skill),
        writing_task=None if row.writing_task is None else WritingTask(row.writing_task),
        speaking_part=None if row.speaking_part is None else SpeakingPart(row.speaking_part),
        state=JobState(row.state),
        progress=row.progress,
        run=row.run,
        retries=row.retries,
        last_sequence=row.last_sequence,
        accepted_at=row.accepted_at,
        updated_at=row.updated_at,
        deadline_at=row.deadline_at,
        ended_at=row.ended_at,
        failure=failure_from(row.error_reason, row.error_message),
        next_run_at=row.next_run_at,
        late=row.late,
        retry_of=row.retry_of,
        delayed=row.delayed,
        review_priority=None
        if row.review_priority is None
        else ReviewPriority(row.review_priority),
        review_reasons=tuple(ReviewReason(name) for name in row.review_reasons),
        traceparent=row.traceparent,
        labels=row.labels,
    )
