"""What can go wrong in the server itself, beside what goes wrong in the domain."""

from collections.abc import Sequence
from dataclasses import dataclass

from grading.domain.caller import Scope
from grading.exceptions import GradingError


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """A field of a request, by its path, and what it may be."""

    field: str
    description: str


@dataclass
class InvalidRequest(GradingError):
    """The request breaks the rules of its fields."""

    violations: Sequence[FieldViolation]


@dataclass
class MalformedRequest(GradingError):
    """The bytes are no message of the expected type; the field, where it is known."""

    violation: FieldViolation | None


class AudioNotRecognized(GradingError):
    """The bytes of an upload are of no audio format that is accepted."""


@dataclass
class AudioChecksumMismatch(GradingError):
    """The bytes of an upload are not those that its metadata speaks of."""

    field: str
    found: str


@dataclass
class AudioTooLarge(GradingError):
    """A recording has more bytes than one may have."""

    limit_bytes: int
    #: What tells of so many.
    field: str = "chunk"


@dataclass
class UploadStalled(GradingError):
    """Nothing more comes of an upload that has not ended."""

    seconds: float


@dataclass
class MessageTooLarge(GradingError):
    """A message has more bytes than one may have."""

    size_bytes: int
    limit_bytes: int


@dataclass
class RateExceeded(GradingError):
    """The caller calls more often than it may."""

    per_second: int
    #: Seconds after which there is room for a call again.
    retry_after: float


@dataclass
class QuotaUsedUp(GradingError):
    """As many jobs of the tenant were accepted today as may be."""

    limit: int
    #: Seconds until the next day.
    retry_after: float


@dataclass
class TooManyStreams(GradingError):
    """As many streams are open as may be."""

    limit: int
    #: Whose limit it is: the ``caller``'s or the ``server``'s.
    whose: str


@dataclass
class CallTooLong(GradingError):
    """A call without a deadline took longer than such a one may."""

    seconds: float


class Draining(GradingError):
    """The server is shutting down."""


class StreamTooOld(GradingError):
    """The stream reached its greatest age."""


class WatcherTooSlow(GradingError):
    """The watcher reads more slowly than events arrive."""


class Unauthenticated(GradingError):
    """The caller showed nothing that lets it in; the log tells what, and the caller isn't told."""


@dataclass
class ScopeMissing(GradingError):
    """The caller was let in, but not for this."""

    scope: Scope


class StoreUnavailable(GradingError):
    """The database can't be reached."""
