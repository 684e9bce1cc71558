"""The public door: the stubs on one channel, and what a refused call says."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2, health_pb2_grpc

from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.grading_service_pb2_grpc import GradingServiceStub
from vstep.grading.v1.job_pb2 import JobEvent
from vstep.grading.v1.review_service_pb2_grpc import ReviewServiceStub

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
READINESS = "vstep.grading.v1.GradingService"


@dataclass(frozen=True)
class Refused:
    """A call's status with its details."""

    code: grpc.StatusCode
    message: str
    reason: str = ""
    domain: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    #: The fields that a BadRequest names, and what it says of each.
    fields: dict[str, str] = field(default_factory=dict)
    #: Seconds of a RetryInfo.
    retry_after: float | None = None


def refused_with(error: Any) -> Refused:
    """Read the details of a status."""
    found: dict[str, Any] = {}
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status = Status.FromString(value)
            assert status.code == error.code().value[0]
            for detail in status.details:
                found |= _read(detail)
    return Refused(error.code(), error.details() or "", **found)


def refusal(call: Callable[[], object]) -> Refused:
    """Make a call that must be refused; a stream is read to its end."""
    try:
        answer = call()
        if isinstance(answer, Iterator):
            answer = list(answer)
    except grpc.RpcError as error:
        return refused_with(error)
    raise AssertionError(f"not refused: {answer}")


def assert_invalid(
    refused: Refused, *fields: str, reason: str = "ERROR_REASON_INVALID_FIELD"
) -> None:
    """Assert that a call was refused for these fields of its request."""
    assert refused.code is grpc.StatusCode.INVALID_ARGUMENT, refused
    assert (refused.reason, refused.domain) == (reason, "grading.vstep"), refused
    assert tuple(refused.fields) == fields, refused
    assert refused.metadata["field"] == fields[0], refused
    for name, description in refused.fields.items():
        assert description, refused
        assert name in refused.message, refused
    assert refused.retry_after is None, refused


def _read(detail: Any) -> dict[str, Any]:
    if detail.Is(ErrorInfo.DESCRIPTOR):
        info = ErrorInfo()
        detail.Unpack(info)
        return {"reason": info.reason, "domain": info.domain, "metadata": dict(info.metadata)}
    if detail.Is(BadRequest.DESCRIPTOR):
        bad = BadRequest()
        detail.Unpack(bad)
        return {"fields": {v.field: v.description for v in bad.field_violations}}
    assert detail.Is(RetryInfo.DESCRIPTOR)
    retry = RetryInfo()
    detail.Unpack(retry)
    return {"retry_after": retry.retry_delay.ToTimedelta().total_seconds()}


class Door:
    """The stubs of a server's services."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.channel = grpc.insecure_channel(
            address,
            # A server that starts again is found within a moment.
            options=[("grpc.max_reconnect_backoff_ms", 200), ("grpc.use_local_subchannel_pool", 1)],
        )
        self.grading = GradingServiceStub(self.channel)
        self.review = ReviewServiceStub(self.channel)
        self.health: Any = health_pb2_grpc.HealthStub(self.channel)

    def close(self) -> None:
        """Cut the connection."""
        self.channel.close()

    def status(self, service: str) -> int:
        """The health of a name; NOT_SERVING where nobody answers."""
        try:
            answer = self.health.Check(health_pb2.HealthCheckRequest(service=service), timeout=2)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                raise
            return int(NOT_SERVING)
        return int(answer.status)

    def watch(self, job_id: str, after_sequence: int = 0) -> "Watcher":
        """Watch a job in the background."""
        return Watcher(self, job_id, after_sequence)


class Watcher:
    """Reads a ``WatchJob`` stream in a thread."""

    def __init__(
        self,
        door: Door,
        job_id: str,
        after_sequence: int = 0,
        metadata: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.events: list[JobEvent] = []
        self.heartbeats: list[messages.Heartbeat] = []
        #: How the stream ended; None while it runs.
        self.end: Refused | None = None
        self._call: Any = door.grading.WatchJob(
            messages.WatchJobRequest(job_id=job_id, after_sequence=after_sequence),
            metadata=metadata,
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def sequences(self) -> list[int]:
        """The sequences received so far."""
        return [event.sequence for event in self.events]

    @property
    def cursor(self) -> int:
        """The last sequence received."""
        return self.events[-1].sequence if self.events else 0

    def cancel(self) -> None:
        """Leave."""
        self._call.cancel()
        self._thread.join(5)

    def wait(self, seconds: float = 30.0) -> Refused:
        """Wait until the stream ends, and tell how."""
        self._thread.join(seconds)
        assert self.end is not None, f"still open; events so far: {self.sequences}"
        return self.end

    def _read(self) -> None:
        try:
            for message in self._call:
                if message.HasField("event"):
                    self.events.append(message.event)
                else:
                    self.heartbeats.append(message.heartbeat)
            self.end = Refused(grpc.StatusCode.OK, "")
        except grpc.RpcError as error:
            self.end = refused_with(error)
