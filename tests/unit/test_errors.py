"""The error seam: everything has a status, and no driver's words get out."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc import StatusCode
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from grading import exceptions as domain
from grading.domain.caller import Scope
from grading.domain.job import JobState
from grading.domain.work import Skill
from server import exceptions as service
from server.errors import Refusal, refusal_of
from vstep.grading.v1.error_pb2 import ErrorReason

SECRET = "host db.internal user vstep password hunter2"

#: Never leave the process that they are raised in.
INTERNAL = {
    domain.AudioRefused,
    domain.CertificateTaken,
    domain.RecordingGone,
    domain.SettingsError,
    domain.LeaseLost,
    domain.TransientFault,
    domain.PermanentFault,
    domain.Postponed,
    domain.WorkerStopping,
}

REFUSED: list[tuple[domain.GradingError, StatusCode, str]] = [
    (
        service.InvalidRequest([service.FieldViolation("writing.text", "must be set")]),
        StatusCode.INVALID_ARGUMENT,
        "INVALID_FIELD",
    ),
    (service.MalformedRequest(None), StatusCode.INVALID_ARGUMENT, "MALFORMED_MESSAGE"),
    (
        service.MalformedRequest(service.FieldViolation("user_id", "must be valid UTF-8")),
        StatusCode.INVALID_ARGUMENT,
        "MALFORMED_MESSAGE",
    ),
    (domain.RequestIdReused(uuid4(), uuid4()), StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED"),
    (domain.AttemptExists("s", 1, uuid4()), StatusCode.ALREADY_EXISTS, "ATTEMPT_EXISTS"),
    (domain.JobNotFound(uuid4()), StatusCode.NOT_FOUND, "JOB_NOT_FOUND"),
    (
        domain.ResultNotAvailable(uuid4(), JobState.GRADING),
        StatusCode.FAILED_PRECONDITION,
        "RESULT_NOT_AVAILABLE",
    ),
    (domain.JobEnded(uuid4(), JobState.FAILED), StatusCode.FAILED_PRECONDITION, "JOB_ENDED"),
    (domain.PageTokenInvalid(), StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID"),
    (domain.CursorOutOfRange(4), StatusCode.OUT_OF_RANGE, "CURSOR_OUT_OF_RANGE"),
    (
        domain.JobNotFailed(uuid4(), JobState.COMPLETED),
        StatusCode.FAILED_PRECONDITION,
        "JOB_NOT_FAILED",
    ),
    (domain.AnswerPurged(uuid4()), StatusCode.FAILED_PRECONDITION, "ANSWER_PURGED"),
    (domain.BacklogFull(Skill.WRITING, 9), StatusCode.RESOURCE_EXHAUSTED, "BACKLOG_FULL"),
    (
        service.MessageTooLarge(5_000_000, 4_194_304),
        StatusCode.RESOURCE_EXHAUSTED,
        "MESSAGE_TOO_LARGE",
    ),
    (service.RateExceeded(9, 0.1), StatusCode.RESOURCE_EXHAUSTED, "RATE_EXCEEDED"),
    (service.QuotaUsedUp(9, 3600), StatusCode.RESOURCE_EXHAUSTED, "QUOTA_USED_UP"),
    (service.TooManyStreams(9, "caller"), StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS"),
    (service.CallTooLong(30), StatusCode.DEADLINE_EXCEEDED, "CALL_TOO_LONG"),
    (domain.CursorInvalid(), StatusCode.INVALID_ARGUMENT, "CURSOR_INVALID"),
    (domain.CursorTooOld("MTIz"), StatusCode.OUT_OF_RANGE, "CURSOR_TOO_OLD"),
    (domain.RecordingNotFound(uuid4()), StatusCode.FAILED_PRECONDITION, "AUDIO_NOT_FOUND"),
    (
        domain.ReviewNotWaiting(uuid4(), JobState.COMPLETED),
        StatusCode.FAILED_PRECONDITION,
        "REVIEW_NOT_WAITING",
    ),
    (
        domain.ReviewClaimed(uuid4(), "anna", datetime(2026, 3, 1, tzinfo=UTC)),
        StatusCode.FAILED_PRECONDITION,
        "REVIEW_CLAIMED",
    ),
    (domain.ReviewClaimLost(uuid4(), 3), StatusCode.FAILED_PRECONDITION, "REVIEW_CLAIM_LOST"),
    (
        domain.ReviewAlreadyMarked(uuid4(), "anna"),
        StatusCode.FAILED_PRECONDITION,
        "REVIEW_ALREADY_MARKED",
    ),
    (domain.MarksIncomplete("must hold all"), StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
    (service.AudioNotRecognized(), StatusCode.INVALID_ARGUMENT, "AUDIO_NOT_RECOGNIZED"),
    (
        service.AudioChecksumMismatch("metadata.sha256", "the bytes have another one"),
        StatusCode.INVALID_ARGUMENT,
        "AUDIO_CHECKSUM_MISMATCH",
    ),
    (service.AudioTooLarge(25), StatusCode.INVALID_ARGUMENT, "AUDIO_TOO_LARGE"),
    (service.UploadStalled(30), StatusCode.UNAVAILABLE, "UPLOAD_STALLED"),
    (service.Unauthenticated(), StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED"),
    (service.ScopeMissing(Scope.ADMIN), StatusCode.PERMISSION_DENIED, "SCOPE_MISSING"),
    (service.Draining(), StatusCode.UNAVAILABLE, "DRAINING"),
    (service.StreamTooOld(), StatusCode.UNAVAILABLE, "STREAM_AGE_LIMIT"),
    (service.WatcherTooSlow(), StatusCode.UNAVAILABLE, "WATCHER_TOO_SLOW"),
    (service.StoreUnavailable(), StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE"),
]

#: Told in a job's error, not in a call's status.
OF_JOBS = {
    "AUDIO_REFUSED",
    "DEADLINE_EXCEEDED",
    "RETRIES_EXHAUSTED",
    "GRADER_FAILED",
    "PROVIDER_FAILED",
    "DEAD_LETTERED",
}


def _subclasses(kind: type[domain.GradingError]) -> Iterator[type[domain.GradingError]]:
    for subclass in kind.__subclasses__():
        if subclass.__module__ in {domain.__name__, service.__name__}:
            yield subclass
        yield from _subclasses(subclass)


@pytest.mark.parametrize(
    ("error", "code", "reason"), REFUSED, ids=lambda value: type(value).__name__
)
def test_each_exception_has_its_status(
    error: domain.GradingError, code: StatusCode, reason: str
) -> None:
    refusal = refusal_of(error)
    assert refusal.code is code
    assert ErrorReason.Name(refusal.reason) == f"ERROR_REASON_{reason}"
    assert refusal.message
    passing = code in {StatusCode.UNAVAILABLE, StatusCode.RESOURCE_EXHAUSTED}
    passing = passing and not isinstance(error, service.MessageTooLarge)
    assert (refusal.retry_after is not None) == passing


def test_no_exception_is_without_a_status() -> None:
    mapped = {type(error) for error, _, _ in REFUSED}
    assert set(_subclasses(domain.GradingError)) - INTERNAL == mapped


def test_every_reason_is_given_by_something() -> None:
    given = {reason for _, _, reason in REFUSED} | OF_JOBS | {"UNSPECIFIED", "INTERNAL"}
    assert {name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()} == given  # noqa: SIM118


def _driver(kind: type[DBAPIError], cause: Exception, lost: bool = False) -> DBAPIError:
    return kind(f"SELECT '{SECRET}'", {"text": SECRET}, cause, connection_invalidated=lost)


@pytest.mark.parametrize(
    "error",
    [
        _driver(OperationalError, psycopg.OperationalError(SECRET)),
        _driver(InterfaceError, psycopg.InterfaceError(SECRET)),
        _driver(DBAPIError, psycopg.DatabaseError(SECRET), lost=True),
        PoolTimeout(SECRET),
    ],
    ids=["operational", "interface", "lost", "pool"],
)
def test_a_lost_database_is_unavailable(error: Exception) -> None:
    refusal = refusal_of(error)
    assert refusal.code is StatusCode.UNAVAILABLE
    assert refusal.reason == ErrorReason.ERROR_REASON_STORE_UNAVAILABLE
    assert refusal.retry_after is not None
    _assert_silent(refusal)


@pytest.mark.parametrize(
    "error",
    [
        _driver(ProgrammingError, psycopg.ProgrammingError(SECRET)),
        _driver(IntegrityError, psycopg.IntegrityError(SECRET)),
        ValueError(SECRET),
        KeyError(SECRET),
    ],
    ids=["programming", "integrity", "value", "key"],
)
def test_anything_else_is_internal(error: Exception) -> None:
    refusal = refusal_of(error)
    assert refusal.code is StatusCode.INTERNAL
    assert refusal.reason == ErrorReason.ERROR_REASON_INTERNAL
    assert refusal.retry_after is None
    _assert_silent(refusal)


def _assert_silent(refusal: Refusal) -> None:
    for word in SECRET.split():
        assert word not in refusal.message or word in {"user"}
        assert b"hunter2" not in refusal.details()
    assert SECRET not in repr(refusal)


def test_the_details_travel_as_a_status() -> None:
    violation = service.FieldViolation("writing.text", "must be set")
    refusal = Refusal(
        StatusCode.UNAVAILABLE,
        ErrorReason.ERROR_REASON_DRAINING,
        "Later.",
        {"field": "x"},
        (violation,),
        retry_after=1.5,
    )
    status = Status.FromString(refusal.details())
    assert (status.code, status.message) == (14, "Later.")
    info, bad, retry = ErrorInfo(), BadRequest(), RetryInfo()
    for detail, message in zip(status.details, (info, bad, retry), strict=True):
        assert detail.Unpack(message)
    assert (info.reason, info.domain) == ("ERROR_REASON_DRAINING", "grading.vstep")
    assert dict(info.metadata) == {"field": "x"}
    assert bad.field_violations[0].field == "writing.text"
    assert retry.retry_delay.ToMilliseconds() == 1500
