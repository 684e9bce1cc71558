"""What can go wrong in the domain. The class docstring is the message's first half."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from grading.domain.audio import AudioProblem
from grading.domain.job import JobState
from grading.domain.work import Skill


class GradingError(Exception):
    """The grading service refused or failed."""


class SettingsError(GradingError):
    """A setting is missing or wrong."""


@dataclass
class JobNotFound(GradingError):
    """There is no such job."""

    job_id: UUID


@dataclass
class RequestIdReused(GradingError):
    """The request id was used before with another payload."""

    request_id: UUID
    job_id: UUID


@dataclass
class AttemptExists(GradingError):
    """The submission already has a job for this attempt."""

    submission_id: str
    attempt: int
    job_id: UUID


@dataclass
class ResultNotAvailable(GradingError):
    """The job has no result that may be shown now."""

    job_id: UUID
    state: JobState


@dataclass
class JobEnded(GradingError):
    """The job has ended and can't be changed."""

    job_id: UUID
    state: JobState


class PageTokenInvalid(GradingError):
    """The page token is not one of this filter's."""


@dataclass
class CursorOutOfRange(GradingError):
    """The cursor lies beyond the job's log."""

    last_sequence: int


class CursorInvalid(GradingError):
    """The feed's cursor was not given out by this service."""


@dataclass
class CursorTooOld(GradingError):
    """Events after the feed's cursor were purged, or a restore of the database has undone them."""

    oldest_cursor: str


@dataclass
class JobNotFailed(GradingError):
    """Only a FAILED job can be retried."""

    job_id: UUID
    state: JobState


@dataclass
class AnswerPurged(GradingError):
    """The job's answer is gone, so it can't be graded again."""

    job_id: UUID


@dataclass
class BacklogFull(GradingError):
    """As many jobs of the skill wait as the service may keep waiting."""

    skill: Skill
    backlog: int


@dataclass
class CertificateTaken(GradingError):
    """The name in certificates stands for a caller already."""

    certificate: str


@dataclass
class TransientFault(GradingError):
    """A fault that another run may mend."""

    #: One sentence that holds nothing of the learner's text.
    message: str
    #: How long a provider asked to be left alone, in seconds.
    retry_after: float | None = None


@dataclass
class PermanentFault(GradingError):
    """A fault outside of the service that no other run would mend."""

    #: One sentence that holds nothing of the learner's text.
    message: str


@dataclass
class Postponed(GradingError):
    """The job can't go on now, through no fault: it is taken again, and uses up no retry."""

    message: str
    #: Until it is taken again, in seconds.
    wait: float


@dataclass
class RecordingGone(GradingError):
    """The recording is not in the store any more."""

    key: str


@dataclass
class RecordingNotFound(GradingError):
    """There is no such recording, or it is another learner's."""

    audio_id: UUID


@dataclass
class AudioRefused(GradingError):
    """The recording can't be used, and trying again would not help."""

    problem: AudioProblem
    #: One sentence that names nothing of the file's content.
    message: str


class WorkerStopping(GradingError):
    """The worker is asked to shut down; the job is to be given back."""


@dataclass
class LeaseLost(GradingError):
    """The job is no longer this run's: another worker, the reaper or the client moved it."""

    job_id: UUID
    run: int


@dataclass
class ReviewNotWaiting(GradingError):
    """There is nothing to review: the job's result is not held."""

    job_id: UUID
    state: JobState


@dataclass
class ReviewClaimed(GradingError):
    """Another examiner holds the review."""

    job_id: UUID
    holder: str
    until: datetime


@dataclass
class ReviewClaimLost(GradingError):
    """The claim is not this examiner's any more, or never was."""

    job_id: UUID
    claim: int


@dataclass
class ReviewAlreadyMarked(GradingError):
    """This examiner has marked the answer, and another one has to."""

    job_id: UUID
    reviewer_id: str


@dataclass
class MarksIncomplete(GradingError):
    """The marks are not those of the skill's criteria."""

    #: What they must be.
    description: str
