"""What a call can end with, read from the status that the service sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from grpc_status import rpc_status

#: Refusals of a moment: there is room again after the ``RetryInfo`` delay.
_MOMENTARY = frozenset({"ERROR_REASON_RATE_EXCEEDED", "ERROR_REASON_TOO_MANY_STREAMS"})

#: Codes that tell of the way to the service, not of the request.
_LOST = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED})

#: What gRPC says of a connection that broke under a call, by the code it says it with.
_BROKEN = {
    grpc.StatusCode.INTERNAL: "RST_STREAM",
    grpc.StatusCode.UNKNOWN: "Stream removed",
}


class ClientError(Exception):
    """The client could not do what it was asked to do."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A field of a request that breaks its rule."""

    field: str
    description: str


@dataclass(eq=False)
class CallRefused(ClientError):
    """The service, or the way to it, refused a call."""

    code: grpc.StatusCode
    #: The name of an ``ErrorReason``; empty where the service had no say.
    reason: str
    message: str
    violations: tuple[Violation, ...] = ()
    #: What varies from call to call, such as ``job_id`` or ``state``.
    metadata: Mapping[str, str] = field(default_factory=dict)
    #: Seconds after which the service asks to be called again; None where it doesn't.
    retry_after: float | None = None

    def __str__(self) -> str:
        return f"{self.message} ({self.reason or self.code.name})"

    @property
    def passing(self) -> bool:
        """Whether the same call may succeed when it is made again.

        A connection that was lost under a call is reported in several ways,
        CANCELLED among them, when a server's end of it is torn down.
        """
        if self.code in _LOST or self.reason in _MOMENTARY:
            return True
        return not self.reason and _BROKEN.get(self.code, "\0") in self.message


class CursorRefused(CallRefused):
    """A feed can't begin at its cursor."""

    @property
    def oldest_cursor(self) -> str:
        """The oldest cursor that can be used instead; empty begins at the oldest event kept."""
        return self.metadata.get("oldest_cursor", "")


class CursorTooOld(CursorRefused):
    """Events at the cursor were purged, or undone; what they told can be had with ``list``."""


class CursorInvalid(CursorRefused):
    """The cursor was not given out by the service."""


@dataclass(eq=False)
class EventMissing(ClientError):
    """The stream of a job left out an event, which the contract rules out."""

    job_id: str
    expected: int
    received: int

    def __str__(self) -> str:
        return (
            f"job {self.job_id}: event {self.received} came where {self.expected} was to come next"
        )


@dataclass(eq=False)
class StreamEndedEarly(ClientError):
    """The stream of a job ended OK before the job did, which the contract rules out."""

    job_id: str
    last_sequence: int

    def __str__(self) -> str:
        return f"job {self.job_id}: the stream ended after event {self.last_sequence}, not the last"


@dataclass(eq=False)
class WatchTimedOut(ClientError):
    """The time that a watch was given is over; the job goes on."""

    job_id: str
    last_sequence: int

    def __str__(self) -> str:
        return f"job {self.job_id} had not ended in time; last event: {self.last_sequence}"


@dataclass(eq=False)
class FeedEnded(ClientError):
    """The feed ended OK, which the contract rules out."""

    cursor: str

    def __str__(self) -> str:
        return f"the feed ended after cursor {self.cursor or 'none'}, and it has no end"


@dataclass(eq=False)
class FeedTimedOut(ClientError):
    """The time that a feed was given is over."""

    cursor: str

    def __str__(self) -> str:
        return f"the time for the feed is over; last cursor: {self.cursor or 'none'}"


_KINDS = {
    "ERROR_REASON_CURSOR_TOO_OLD": CursorTooOld,
    "ERROR_REASON_CURSOR_INVALID": CursorInvalid,
}


def refusal_of(error: grpc.RpcError) -> CallRefused:
    """Read a failed call, with the details where the service sent some."""
    refused = CallRefused(error.code(), "", error.details() or "")
    try:
        status = rpc_status.from_call(cast(grpc.Call, error))  # each failed call is both
        for detail in () if status is None else status.details:
            _add(detail, refused)
    except (ValueError, DecodeError):
        # Details that contradict the call's status, or can't be read, are left
        # out: code and message stand without them.
        pass
    kind = _KINDS.get(refused.reason)
    return refused if kind is None else kind(**vars(refused))


def _add(detail: Any, refused: CallRefused) -> None:
    info, bad, retry = ErrorInfo(), BadRequest(), RetryInfo()
    if detail.Unpack(info):
        refused.reason = info.reason
        refused.metadata = dict(info.metadata)
    elif detail.Unpack(bad):
        refused.violations = tuple(
            Violation(item.field, item.description) for item in bad.field_violations
        )
    elif detail.Unpack(retry):
        refused.retry_after = max(retry.retry_delay.ToTimedelta().total_seconds(), 0.0)
