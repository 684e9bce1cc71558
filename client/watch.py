"""A watch over one job that opens its stream again by itself."""

from collections.abc import Callable

from client.errors import EventMissing, StreamEndedEarly, WatchTimedOut
from client.resumption import Interruption, ResumingStream, WatchLimits
from client.silence import Stream
from vstep.grading.v1 import job_pb2
from vstep.grading.v1.grading_service_pb2 import WatchJobRequest, WatchJobResponse
from vstep.grading.v1.grading_service_pb2_grpc import GradingServiceStub

#: The states that a job never leaves.
TERMINAL = frozenset(
    {job_pb2.JOB_STATE_COMPLETED, job_pb2.JOB_STATE_FAILED, job_pb2.JOB_STATE_CANCELLED}
)


class Watch(ResumingStream[WatchJobResponse, job_pb2.JobEvent, int]):
    """The events of a job, each once and in order, whatever happens to streams and servers.

    An iterable: it ends after the event that ended the job. Iterating anew goes
    on after the last event. Beside ``CallRefused`` it raises ``EventMissing`` and
    ``StreamEndedEarly`` where the service broke its contract, and ``WatchTimedOut``
    where the job didn't end within the overall limit.
    """

    def __init__(
        self,
        stub: GradingServiceStub,
        job_id: str,
        *,
        after_sequence: int = 0,
        end_at_review: bool = False,
        limits: WatchLimits | None = None,
        on_interruption: Callable[[Interruption[int]], None] | None = None,
    ) -> None:
        super().__init__(limits, on_interruption)
        self._stub = stub
        self._job_id = job_id
        self._ends = TERMINAL | {job_pb2.JOB_STATE_REVIEW_REQUIRED} if end_at_review else TERMINAL
        self._end_at_review = end_at_review
        self._opened_at = after_sequence
        self._state = job_pb2.JOB_STATE_UNSPECIFIED
        #: The sequence of the last event given, or ``after_sequence``.
        self.last_sequence = after_sequence

    @property
    def _place(self) -> int:
        return self.last_sequence

    def _open(self, seconds: float | None) -> Stream[WatchJobResponse]:
        self._opened_at = self.last_sequence
        request = WatchJobRequest(
            job_id=self._job_id,
            after_sequence=self.last_sequence,
            end_at_review=self._end_at_review,
        )
        return self._stub.WatchJob(request, timeout=seconds)

    def _take(self, answer: WatchJobResponse) -> job_pb2.JobEvent | None:
        if answer.HasField("heartbeat"):
            # It says which events were sent before it: one of them may be missing.
            if answer.heartbeat.after_sequence > self.last_sequence:
                raise self._missing(answer.heartbeat.after_sequence)
            return None
        event = answer.event
        if event.sequence <= self.last_sequence:
            return None
        if event.sequence != self.last_sequence + 1:
            raise self._missing(event.sequence)
        self.last_sequence, self._state = event.sequence, event.state
        return event

    def _missing(self, received: int) -> EventMissing:
        return EventMissing(self._job_id, self.last_sequence + 1, received)

    @property
    def _done(self) -> bool:
        return self._state in self._ends

    def _accept_end(self) -> None:
        # A stream that brought no event ended because the job had ended at the cursor.
        if self.last_sequence != self._opened_at:
            raise StreamEndedEarly(self._job_id, self.last_sequence)

    def _timed_out(self) -> WatchTimedOut:
        return WatchTimedOut(self._job_id, self.last_sequence)
