"""What can go wrong in the domain. The class docstring is the message's first half."""

from dataclasses import dataclass
from uuid import UUID

from grading.domain.job import JobState


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


@dataclass
class LeaseLost(GradingError):
    """The job is no longer this run's: another worker, the reaper or the client moved it."""

    job_id: UUID
    run: int
