"""The error seam: one place turns exceptions into a gRPC status.

Handlers raise domain errors and know no status codes. A driver's words are
logged and never sent: they may hold a host, a user's name or a learner's text.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc import StatusCode
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from grading.exceptions import (
    AnswerPurged,
    AttemptExists,
    BacklogFull,
    CursorInvalid,
    CursorOutOfRange,
    CursorTooOld,
    GradingError,
    JobEnded,
    JobNotFailed,
    JobNotFound,
    MarksIncomplete,
    PageTokenInvalid,
    RecordingNotFound,
    RequestIdReused,
    ResultNotAvailable,
    ReviewAlreadyMarked,
    ReviewClaimed,
    ReviewClaimLost,
    ReviewNotWaiting,
)
from server.exceptions import (
    AudioChecksumMismatch,
    AudioNotRecognized,
    AudioTooLarge,
    CallTooLong,
    Draining,
    FieldViolation,
    InvalidRequest,
    MalformedRequest,
    MessageTooLarge,
    QuotaUsedUp,
    RateExceeded,
    ScopeMissing,
    StoreUnavailable,
    StreamTooOld,
    TooManyStreams,
    Unauthenticated,
    UploadStalled,
    WatcherTooSlow,
)
from server.messages import state_name
from vstep.grading.v1.error_pb2 import ErrorReason
from vstep.grading.v1.grading_service_pb2 import Refusal as RefusalMessage

DOMAIN = "grading.vstep"
#: The metadata key under which gRPC carries a ``google.rpc.Status``.
DETAILS_KEY = "grpc-status-details-bin"
#: When a client may try again whose work there was no room for, in seconds.
BACKLOG_RETRY_SECONDS = 5.0

#: When a client may try again for whose stream there was no room, in seconds.
STREAMS_RETRY_SECONDS = 5.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a client is told."""

    code: StatusCode
    reason: ErrorReason.ValueType
    message: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    violations: tuple[FieldViolation, ...] = ()
    #: Seconds after which a retry makes sense; None where it doesn't.
    retry_after: float | None = None

    def details(self) -> bytes:
        """The ``google.rpc.Status`` that goes into the trailing metadata."""
        status = Status(code=self.code.value[0], message=self.message)
        info = ErrorInfo(
            reason=ErrorReason.Name(self.reason), domain=DOMAIN, metadata=dict(self.metadata)
        )
        status.details.add().Pack(info)
        if self.violations:
            bad = BadRequest()
            for violation in self.violations:
                bad.field_violations.add(field=violation.field, description=violation.description)
            status.details.add().Pack(bad)
        if self.retry_after is not None:
            delay = Duration()
            delay.FromMilliseconds(math.ceil(self.retry_after * 1000))
            status.details.add().Pack(RetryInfo(retry_delay=delay))
        return bytes(status.SerializeToString())


def refusal_of(error: Exception) -> Refusal:
    """Tell what a client is to be told of ``error``."""
    if isinstance(error, DBAPIError | PoolTimeout):
        error = _from_driver(error)
    if isinstance(error, GradingError):
        return _from_domain(error)
    _log.error("internal_error", exc_info=error)
    return Refusal(
        StatusCode.INTERNAL,
        ErrorReason.ERROR_REASON_INTERNAL,
        "the service failed; its log tells more under this call's x-request-id",
    )


def refusal_to(error: GradingError) -> RefusalMessage:
    """Tell of a refusal inside an answer, as an item of a batch has it."""
    refusal = _from_domain(error)
    return RefusalMessage(
        reason=refusal.reason,
        message=refusal.message,
        metadata=refusal.metadata,
        violations={violation.field: violation.description for violation in refusal.violations},
    )


def _from_driver(error: DBAPIError | PoolTimeout) -> Exception:
    lost = isinstance(error, OperationalError | InterfaceError | PoolTimeout)
    if lost or (isinstance(error, DBAPIError) and error.connection_invalidated):
        _log.warning("store_unavailable", error=type(error).__name__)
        return StoreUnavailable()
    return error


def _from_domain(error: GradingError) -> Refusal:
    match error:
        case InvalidRequest(violations):
            return _invalid(ErrorReason.ERROR_REASON_INVALID_FIELD, tuple(violations))
        case MalformedRequest(violation):
            if violation is None:
                return Refusal(
                    StatusCode.INVALID_ARGUMENT,
                    ErrorReason.ERROR_REASON_MALFORMED_MESSAGE,
                    "the request is not a message of the type that this method takes",
                )
            return _invalid(ErrorReason.ERROR_REASON_MALFORMED_MESSAGE, (violation,))
        case RequestIdReused(request_id, job_id):
            return Refusal(
                StatusCode.ALREADY_EXISTS,
                ErrorReason.ERROR_REASON_REQUEST_ID_REUSED,
                "request_id was used before with another payload; new work needs a new one",
                {"request_id": str(request_id), "job_id": str(job_id), "field": "request_id"},
            )
        case AttemptExists(submission_id, attempt, job_id):
            return Refusal(
                StatusCode.ALREADY_EXISTS,
                ErrorReason.ERROR_REASON_ATTEMPT_EXISTS,
                "this submission has a job for this attempt; raise attempt to grade it again",
                {
                    "submission_id": submission_id,
                    "attempt": str(attempt),
                    "job_id": str(job_id),
                    "field": "attempt",
                },
            )
        case JobNotFound(job_id):
            return Refusal(
                StatusCode.NOT_FOUND,
                ErrorReason.ERROR_REASON_JOB_NOT_FOUND,
                "there is no job of this job_id",
                {"job_id": str(job_id), "field": "job_id"},
            )
        case ResultNotAvailable(job_id, state):
            return Refusal(
                StatusCode.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_RESULT_NOT_AVAILABLE,
                f"the job is {state_name(state)}; only a COMPLETED one has a result to fetch",
                {"job_id": str(job_id), "state": state_name(state)},
            )
        case JobEnded(job_id, state):
            return Refusal(
                StatusCode.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_JOB_ENDED,
                f"the job is {state_name(state)} and can't be changed",
                {"job_id": str(job_id), "state": state_name(state)},
            )
        case JobNotFailed(job_id, state):
            return Refusal(
                StatusCode.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_JOB_NOT_FAILED,
                f"the job is {state_name(state)}; only a FAILED one can be retried",
                {"job_id": str(job_id), "state": state_name(state)},
            )
        case AnswerPurged(job_id):
            return Refusal(
                StatusCode.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_ANSWER_PURGED,
                "the job's answer was purged; submit the work anew",
                {"job_id": str(job_id)},
            )
        case BacklogFull(skill, backlog):
            return Refusal(
                StatusCode.RESOURCE_EXHAUSTED,
                ErrorReason.ERROR_REASON_BACKLOG_FULL,
                "too many jobs of this skill wait; nothing was stored",
                {"skill": f"SKILL_{skill.name}", "backlog": str(backlog)},
                retry_after=BACKLOG_RETRY_SECONDS,
            )
        case CursorInvalid():
            return _invalid(
                ErrorReason.ERROR_REASON_CURSOR_INVALID,
                (FieldViolation("cursor", "must be empty, or a cursor that a feed gave out"),),
            )
        case CursorTooOld(oldest_cursor):
            return Refusal(
                StatusCode.OUT_OF_RANGE,
                ErrorReason.ERROR_REASON_CURSOR_TOO_OLD,
                "events at this cursor were purged or undone; begin at metadata.oldest_cursor",
                {"field": "cursor", "oldest_cursor": oldest_cursor},
            )
        case PageTokenInvalid():
            return _invalid(
                ErrorReason.ERROR_REASON_PAGE_TOKEN_INVALID,
                (
                    FieldViolation(
                        "page_token",
                        "must be empty, or the next_page_token of a call with the same filter",
                    ),
                ),
            )
        case CursorOutOfRange(last_sequence):
            return Refusal(
                StatusCode.OUT_OF_RANGE,
                ErrorReason.ERROR_REASON_CURSOR_OUT_OF_RANGE,
                f"after_sequence must be at most {last_sequence}, the job's last sequence",
                {"field": "after_sequence", "last_sequence": str(last_sequence)},
            )
        case ReviewNotWaiting(job_id, state):
            return Refusal(
                StatusCode.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_REVIEW_NOT_WAITING,
                f"the job is {state_name(state)}; there is nothing to review",
                {"job_id": str(job_id), "state": state_name(state)},
            )
        case ReviewClaimed(job_id, holder, until):
            return Refusal(
                StatusCode.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_REVIEW_CLAIMED,
                f"{holder} holds the review until {_rfc_3339(until)}",
                {"job_id": str(job_id), "holder": holder, "until": _rfc_3339(until)},
            )
        case ReviewClaimLost(job_id, claim):
            return Refusal(
                StatusCode.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_REVIEW_CLAIM_LOST,
                "the claim lapsed, was released or is another's; claim the review again",
                {"job_id": str(job_id), "claim": str(claim)},
            )
        case ReviewAlreadyMarked(job_id, reviewer_id):
            return Refusal(
                StatusCode.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_REVIEW_ALREADY_MARKED,
                "this examiner has marked the answer, and another one has to",
                {"job_id": str(job_id), "reviewer_id": reviewer_id},
            )
        case MarksIncomplete(description):
            return _invalid(
                ErrorReason.ERROR_REASON_INVALID_FIELD, (FieldViolation("scores", description),)
            )
        case AudioNotRecognized():
            return _invalid(
                ErrorReason.ERROR_REASON_AUDIO_NOT_RECOGNIZED,
                (FieldViolation("chunk", "must be those of a WAV, FLAC, MP3, Ogg, WebM or M4A"),),
            )
        case AudioChecksumMismatch(field, found):
            return _invalid(
                ErrorReason.ERROR_REASON_AUDIO_CHECKSUM_MISMATCH,
                (FieldViolation(field, f"must be that of the bytes; {found}"),),
            )
        case AudioTooLarge(limit_bytes, field):
            return _invalid(
                ErrorReason.ERROR_REASON_AUDIO_TOO_LARGE,
                (FieldViolation(field, f"must come to {limit_bytes} bytes at most"),),
                {"limit_bytes": str(limit_bytes)},
            )
        case RecordingNotFound(audio_id):
            return Refusal(
                StatusCode.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_AUDIO_NOT_FOUND,
                "there is no recording of this audio_id that this user uploaded",
                {"audio_id": str(audio_id), "field": "speaking.audio_id"},
            )
        case Unauthenticated():
            return Refusal(
                StatusCode.UNAUTHENTICATED,
                ErrorReason.ERROR_REASON_UNAUTHENTICATED,
                "the call must show a token or a certificate that is valid",
            )
        case ScopeMissing(scope):
            return Refusal(
                StatusCode.PERMISSION_DENIED,
                ErrorReason.ERROR_REASON_SCOPE_MISSING,
                f"the caller lacks the scope {scope}",
                {"scope": scope.value},
            )
        case MessageTooLarge(size_bytes, limit_bytes):
            return Refusal(
                StatusCode.RESOURCE_EXHAUSTED,
                ErrorReason.ERROR_REASON_MESSAGE_TOO_LARGE,
                f"the message has {size_bytes} bytes; at most {limit_bytes} are read",
                {"limit_bytes": str(limit_bytes)},
            )
        case RateExceeded(per_second, retry_after):
            return Refusal(
                StatusCode.RESOURCE_EXHAUSTED,
                ErrorReason.ERROR_REASON_RATE_EXCEEDED,
                f"the caller makes more than {per_second} calls a second; nothing was done",
                {"calls_per_second": str(per_second)},
                retry_after=retry_after,
            )
        case QuotaUsedUp(limit, retry_after):
            return Refusal(
                StatusCode.RESOURCE_EXHAUSTED,
                ErrorReason.ERROR_REASON_QUOTA_USED_UP,
                f"at most {limit} jobs are accepted in a day (UTC); nothing was stored",
                {"jobs_per_day": str(limit)},
                retry_after=retry_after,
            )
        case TooManyStreams(limit, whose):
            return Refusal(
                StatusCode.RESOURCE_EXHAUSTED,
                ErrorReason.ERROR_REASON_TOO_MANY_STREAMS,
                f"the {whose} has as many streams open as it may: {limit}",
                {"limit": str(limit), "of": whose},
                retry_after=STREAMS_RETRY_SECONDS,
            )
        case CallTooLong(seconds):
            return Refusal(
                StatusCode.DEADLINE_EXCEEDED,
                ErrorReason.ERROR_REASON_CALL_TOO_LONG,
                f"the call had no deadline, and was not done within {seconds:g} s; whether it"
                " was done later is unknown",
            )
        case Draining():
            return _unavailable(
                ErrorReason.ERROR_REASON_DRAINING, "the server is shutting down; call again"
            )
        case StreamTooOld():
            return _unavailable(
                ErrorReason.ERROR_REASON_STREAM_AGE_LIMIT,
                "the stream reached its greatest age; open it again where it stopped",
            )
        case WatcherTooSlow():
            return _unavailable(
                ErrorReason.ERROR_REASON_WATCHER_TOO_SLOW,
                "the watcher reads too slowly; open the stream again where it stopped",
            )
        case UploadStalled(seconds):
            return _unavailable(
                ErrorReason.ERROR_REASON_UPLOAD_STALLED,
                f"nothing came for {seconds:.0f} s; upload the recording again",
            )
        case StoreUnavailable():
            return _unavailable(
                ErrorReason.ERROR_REASON_STORE_UNAVAILABLE,
                "the database can't be reached; send the call again",
            )
    raise TypeError(f"no status for {type(error).__name__}") from error


def _rfc_3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _invalid(
    reason: ErrorReason.ValueType,
    violations: tuple[FieldViolation, ...],
    metadata: Mapping[str, str] | None = None,
) -> Refusal:
    return Refusal(
        StatusCode.INVALID_ARGUMENT,
        reason,
        "; ".join(f"{v.field}: {v.description}" for v in violations),
        {"field": violations[0].field, **(metadata or {})},
        violations,
    )


def _unavailable(reason: ErrorReason.ValueType, message: str) -> Refusal:
    return Refusal(StatusCode.UNAVAILABLE, reason, message, retry_after=1)
