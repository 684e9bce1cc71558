"""A real gRPC server on a loopback port that does, call by call, what a test tells it."""

import threading
from collections.abc import Iterator, Sequence
from concurrent import futures
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from vstep.grading.v1 import grading_service_pb2_grpc as stubs
from vstep.grading.v1.grading_service_pb2 import (
    FeedHeartbeat,
    Heartbeat,
    WatchJobRequest,
    WatchJobResponse,
    WatchJobsResponse,
)
from vstep.grading.v1.job_pb2 import (
    JOB_STATE_COMPLETED,
    JOB_STATE_GRADING,
    JobEvent,
    JobState,
)
from vstep.grading.v1.review_service_pb2_grpc import (
    ReviewServiceServicer,
    add_ReviewServiceServicer_to_server,
)

JOB_ID = "01970000-0000-7000-8000-000000000001"


@dataclass(frozen=True)
class Refuse:
    """End the call with a status."""

    code: grpc.StatusCode
    message: str = "refused"
    reason: str = ""
    retry_after: float | None = None
    violations: tuple[tuple[str, str], ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)

    def end(self, context: grpc.ServicerContext) -> None:
        status = Status(code=self.code.value[0], message=self.message)
        if self.reason:
            info = ErrorInfo(reason=self.reason, domain="grading.vstep", metadata=self.metadata)
            status.details.add().Pack(info)
        if self.violations:
            bad = BadRequest()
            for name, description in self.violations:
                bad.field_violations.add(field=name, description=description)
            status.details.add().Pack(bad)
        if self.retry_after is not None:
            delay = Duration()
            delay.FromMilliseconds(int(self.retry_after * 1000))
            status.details.add().Pack(RetryInfo(retry_delay=delay))
        if status.details:
            context.set_trailing_metadata(
                (("grpc-status-details-bin", status.SerializeToString()),)
            )
        context.abort(self.code, self.message)


@dataclass(frozen=True)
class Silence:
    """Send nothing until the client gives up."""


Step = WatchJobResponse | WatchJobsResponse | Refuse | Silence
Answer = Message | Refuse


def event(sequence: int, state: JobState.ValueType = JOB_STATE_GRADING) -> WatchJobResponse:
    """A message with one event."""
    return WatchJobResponse(
        event=JobEvent(job_id=JOB_ID, sequence=sequence, state=state, message="Working")
    )


def last(sequence: int) -> WatchJobResponse:
    """A message with the event that ends the job."""
    return event(sequence, JOB_STATE_COMPLETED)


def heartbeat(after_sequence: int) -> WatchJobResponse:
    """A message with a sign of life."""
    return WatchJobResponse(heartbeat=Heartbeat(after_sequence=after_sequence))


def fed(cursor: str, state: JobState.ValueType = JOB_STATE_GRADING) -> WatchJobsResponse:
    """A message of a feed with one event, whose sequence is the cursor's length."""
    return WatchJobsResponse(event=event(len(cursor), state).event, cursor=cursor)


def quiet(cursor: str) -> WatchJobsResponse:
    """A message of a feed with a sign of life."""
    return WatchJobsResponse(heartbeat=FeedHeartbeat(), cursor=cursor)


class ScriptedServer(stubs.GradingServiceServicer, ReviewServiceServicer):
    """Answers each call with the next thing of its script. A context manager."""

    def __init__(self) -> None:
        #: For each opening of a watch or a feed, in order, what its stream does.
        self.streams: list[Sequence[Step]] = []
        #: For each unary method, by its name, what its calls are answered with, in order.
        self.answers: dict[str, list[Answer]] = {}
        #: Every request that came, in order.
        self.requests: list[Any] = []
        self._stopped = threading.Event()
        self._server = grpc.server(futures.ThreadPoolExecutor(4))
        stubs.add_GradingServiceServicer_to_server(self, self._server)
        add_ReviewServiceServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self) -> "ScriptedServer":
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._server.stop(0).wait()

    @property
    def cursors(self) -> list[int]:
        """The cursor of each opening of a watch."""
        return [
            request.after_sequence
            for request in self.requests
            if isinstance(request, WatchJobRequest)
        ]

    def WatchJob(self, request: Any, context: Any) -> Iterator[Any]:
        return self._play(request, context)

    def WatchJobs(self, request: Any, context: Any) -> Iterator[Any]:
        return self._play(request, context)

    def _play(self, request: Any, context: Any) -> Iterator[Any]:
        self.requests.append(request)
        for step in self.streams.pop(0):
            match step:
                case Refuse():
                    step.end(context)
                case Silence():
                    gone = threading.Event()
                    if context.add_callback(gone.set):
                        gone.wait(10)
                    return
                case _:
                    yield step

    def UploadAudio(self, request_iterator: Any, context: Any) -> Any:
        return self._answer("UploadAudio", list(request_iterator), context)

    def SubmitJob(self, request: Any, context: Any) -> Any:
        return self._answer("SubmitJob", request, context)

    def GetJob(self, request: Any, context: Any) -> Any:
        return self._answer("GetJob", request, context)

    def ListJobs(self, request: Any, context: Any) -> Any:
        return self._answer("ListJobs", request, context)

    def WaitJob(self, request: Any, context: Any) -> Any:
        return self._answer("WaitJob", request, context)

    def GetResult(self, request: Any, context: Any) -> Any:
        return self._answer("GetResult", request, context)

    def CancelJob(self, request: Any, context: Any) -> Any:
        return self._answer("CancelJob", request, context)

    def BatchSubmitJobs(self, request: Any, context: Any) -> Any:
        return self._answer("BatchSubmitJobs", request, context)

    def RetryJob(self, request: Any, context: Any) -> Any:
        return self._answer("RetryJob", request, context)

    def DeleteJob(self, request: Any, context: Any) -> Any:
        return self._answer("DeleteJob", request, context)

    def ListReviews(self, request: Any, context: Any) -> Any:
        return self._answer("ListReviews", request, context)

    def GetReview(self, request: Any, context: Any) -> Any:
        return self._answer("GetReview", request, context)

    def ClaimReview(self, request: Any, context: Any) -> Any:
        return self._answer("ClaimReview", request, context)

    def ReleaseReview(self, request: Any, context: Any) -> Any:
        return self._answer("ReleaseReview", request, context)

    def SubmitReview(self, request: Any, context: Any) -> Any:
        return self._answer("SubmitReview", request, context)

    def GetAgreement(self, request: Any, context: Any) -> Any:
        return self._answer("GetAgreement", request, context)

    def _answer(self, method: str, request: Any, context: Any) -> Any:
        self.requests.append(request)
        answer = self.answers[method].pop(0)
        if isinstance(answer, Refuse):
            answer.end(context)
        return answer
