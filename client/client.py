"""The service's calls, for Python."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from types import TracebackType
from uuid import uuid4

import grpc
from google.protobuf.duration_pb2 import Duration

from client.backoff import Backoff
from client.channel import open_channel
from client.repetition import call_until_answered
from client.watch import Interruption, Watch, WatchLimits
from vstep.grading.v1.grading_service_pb2 import (
    CancelJobRequest,
    GetJobRequest,
    GetResultRequest,
    ListJobsRequest,
    SubmitJobRequest,
    SubmitJobResponse,
    WaitJobRequest,
    WaitJobResponse,
)
from vstep.grading.v1.grading_service_pb2_grpc import GradingServiceStub
from vstep.grading.v1.job_pb2 import Job, JobState, Prompt, Skill, WritingWork
from vstep.grading.v1.result_pb2 import Result

#: How long one call of WaitJob waits, in seconds: under what proxies and
#: keepalive put up with on a quiet connection.
_WAIT_SECONDS = 20.0


class GradingClient:
    """Submits work, follows it, and fetches its result. A context manager.

    Every call but a watch is made again after a passing fault, until ``deadline``
    seconds are over, and then raises ``CallRefused``.
    """

    def __init__(self, target: str | grpc.Channel, *, deadline: float = 30.0) -> None:
        """Call the service at ``host:port``, or over a channel that the caller made and closes."""
        self._owned: grpc.Channel | None = None
        if isinstance(target, str):
            target = self._owned = open_channel(target)
        self._stub = GradingServiceStub(target)
        self._deadline = deadline

    def __enter__(self) -> "GradingClient":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection, where it is this client's own."""
        if self._owned is not None:
            self._owned.close()

    def submit(
        self,
        writing: WritingWork,
        prompt: Prompt,
        *,
        user_id: str,
        submission_id: str,
        attempt: int = 1,
        request_id: str | None = None,
    ) -> SubmitJobResponse:
        """Store work to be graded; it is stored once, however often the call is repeated.

        A ``request_id`` of the caller's own makes that hold for repetitions of
        this method, too. Without one, each call of it is new work.

        Raises:
            CallRefused: the service refused; whether the work was stored is
                unknown where ``passing`` is true.
        """
        request = SubmitJobRequest(
            request_id=request_id or str(uuid4()),
            submission_id=submission_id,
            attempt=attempt,
            user_id=user_id,
            prompt=prompt,
            writing=writing,
        )
        return call_until_answered(self._stub.SubmitJob, request, self._deadline)

    def get(self, job_id: str) -> Job:
        """The job, as it stands."""
        request = GetJobRequest(job_id=job_id)
        return call_until_answered(self._stub.GetJob, request, self._deadline).job

    def list(
        self,
        *,
        user_id: str = "",
        submission_id: str = "",
        states: Sequence[JobState.ValueType] = (),
        skill: Skill.ValueType = Skill.SKILL_UNSPECIFIED,
        page_size: int = 0,
    ) -> Iterator[Job]:
        """Jobs, newest first; pages are fetched as the iteration comes to them."""
        request = ListJobsRequest(
            page_size=page_size,
            user_id=user_id,
            submission_id=submission_id,
            states=states,
            skill=skill,
        )
        while True:
            page = call_until_answered(self._stub.ListJobs, request, self._deadline)
            yield from page.jobs
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def watch(
        self,
        job_id: str,
        *,
        after_sequence: int = 0,
        end_at_review: bool = False,
        limits: WatchLimits | None = None,
        on_interruption: Callable[[Interruption], None] | None = None,
    ) -> Watch:
        """The events of a job after a cursor, each once and in order, until it ends."""
        return Watch(
            self._stub,
            job_id,
            after_sequence=after_sequence,
            end_at_review=end_at_review,
            limits=limits,
            on_interruption=on_interruption,
        )

    def wait(
        self, job_id: str, *, timeout: float | None = None, end_at_review: bool = False
    ) -> WaitJobResponse:
        """Wait until a job ends, or for ``timeout`` seconds, without a stream."""
        until = None if timeout is None else time.monotonic() + timeout
        backoff = Backoff()
        while True:
            began = time.monotonic()
            left = _WAIT_SECONDS if until is None else max(until - began, 0.0)
            seconds = min(left, _WAIT_SECONDS)
            duration = Duration()
            duration.FromTimedelta(timedelta(seconds=seconds))
            request = WaitJobRequest(job_id=job_id, timeout=duration, end_at_review=end_at_review)
            answer = call_until_answered(self._stub.WaitJob, request, seconds + self._deadline)
            now = time.monotonic()
            if answer.ended or (until is not None and now >= until):
                return answer
            if now - began < seconds:
                # A server that shuts down answers at once; its successor isn't up yet.
                time.sleep(backoff.next(None))

    def result(self, job_id: str) -> Result:
        """The result of a COMPLETED job."""
        request = GetResultRequest(job_id=job_id)
        return call_until_answered(self._stub.GetResult, request, self._deadline).result

    def cancel(self, job_id: str) -> Job:
        """Cancel a job that has not ended, and tell how it stands then."""
        request = CancelJobRequest(job_id=job_id)
        return call_until_answered(self._stub.CancelJob, request, self._deadline).job
