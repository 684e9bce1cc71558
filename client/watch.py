"""A watch over one job that opens its stream again by itself."""

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from threading import Event

import grpc

from client.backoff import Backoff
from client.errors import (
    CallRefused,
    EventMissing,
    StreamEndedEarly,
    WatchTimedOut,
    refusal_of,
)
from client.silence import SilenceGuard, Stream
from vstep.grading.v1 import job_pb2
from vstep.grading.v1.grading_service_pb2 import WatchJobRequest, WatchJobResponse
from vstep.grading.v1.grading_service_pb2_grpc import GradingServiceStub

#: How long the end of a stream is waited for after its last event, in seconds.
_FAREWELL_SECONDS = 1.0

#: The states that a job never leaves.
TERMINAL = frozenset(
    {job_pb2.JOB_STATE_COMPLETED, job_pb2.JOB_STATE_FAILED, job_pb2.JOB_STATE_CANCELLED}
)


@dataclass(frozen=True, slots=True)
class Interruption:
    """A stream was lost, and will be opened again."""

    cause: CallRefused
    #: Seconds until then.
    delay: float
    #: The last event that was received before.
    last_sequence: int


@dataclass(frozen=True, slots=True)
class WatchLimits:
    """How long a watch puts up with what; all in seconds."""

    #: Without an event or a heartbeat, before the stream is torn down and opened again.
    silence: float = 60.0
    #: Without a word from the service over any number of streams; None waits for ever.
    unreachable: float | None = None
    #: Over all; None watches for as long as the job takes.
    overall: float | None = None


class Watch:
    """The events of a job, each once and in order, whatever happens to streams and servers.

    An iterable: it ends after the event that ended the job. Iterating anew goes
    on after the last event.
    """

    def __init__(
        self,
        stub: GradingServiceStub,
        job_id: str,
        *,
        after_sequence: int = 0,
        end_at_review: bool = False,
        limits: WatchLimits | None = None,
        on_interruption: Callable[[Interruption], None] | None = None,
    ) -> None:
        self._stub = stub
        self._job_id = job_id
        self._ends = TERMINAL | {job_pb2.JOB_STATE_REVIEW_REQUIRED} if end_at_review else TERMINAL
        self._end_at_review = end_at_review
        self._limits = limits or WatchLimits()
        self._on_interruption = on_interruption
        self._call: Stream[WatchJobResponse] | None = None
        self._closed = Event()
        self._backoff = Backoff()
        self._heard_at = 0.0
        self._until: float | None = None
        #: The sequence of the last event given, or ``after_sequence``.
        self.last_sequence = after_sequence

    def close(self) -> None:
        """End the watch, from any thread: the iteration stops."""
        self._closed.set()
        if self._call is not None:
            self._call.cancel()

    def __iter__(self) -> Iterator[job_pb2.JobEvent]:
        """The events after the last one given.

        Raises:
            CallRefused: the service refused for good, or stayed unreachable for too long.
            EventMissing, StreamEndedEarly: the service broke its contract.
            WatchTimedOut: the job didn't end within the overall limit.
        """
        overall = self._limits.overall
        self._heard_at = time.monotonic()
        self._until = None if overall is None else self._heard_at + overall
        while not self._closed.is_set():
            lost = yield from self._follow()
            if lost is None:
                return
            self._bear(lost)

    def _follow(self) -> Generator[job_pb2.JobEvent, None, CallRefused | None]:
        """Give the events of one stream; return what it was lost to, or None at the end."""
        left = None if self._until is None else max(self._until - time.monotonic(), 0.001)
        call = self._call = self._stub.WatchJob(
            WatchJobRequest(
                job_id=self._job_id,
                after_sequence=self.last_sequence,
                end_at_review=self._end_at_review,
            ),
            timeout=left,
        )
        if self._closed.is_set():  # since the last look, when there was no call to cancel
            call.cancel()
        given: job_pb2.JobEvent | None = None
        with SilenceGuard(call, self._limits.silence) as guard:
            try:
                for response in guard:
                    self._heard_at = time.monotonic()
                    self._backoff.reset()
                    event = self._next_event(response)
                    if event is None:
                        continue
                    given = event
                    yield event
                    if event.state in self._ends:
                        _let_end(call)
                        return None
            except grpc.RpcError as error:
                return self._lost_to(refusal_of(error), silent=guard.cut)
            finally:
                call.cancel()
        if given is not None:
            raise StreamEndedEarly(self._job_id, given.sequence)
        return None  # the job ended at the cursor already

    def _next_event(self, response: WatchJobResponse) -> job_pb2.JobEvent | None:
        """The event of ``response`` where it is the next one, and None where it is no news."""
        if response.HasField("heartbeat"):
            # It says which events were sent before it: one of them may be missing.
            if response.heartbeat.after_sequence > self.last_sequence:
                raise self._missing(response.heartbeat.after_sequence)
            return None
        event = response.event
        if event.sequence <= self.last_sequence:
            return None
        if event.sequence != self.last_sequence + 1:
            raise self._missing(event.sequence)
        self.last_sequence = event.sequence
        return event

    def _missing(self, received: int) -> EventMissing:
        return EventMissing(self._job_id, self.last_sequence + 1, received)

    def _lost_to(self, refused: CallRefused, *, silent: bool) -> CallRefused | None:
        if self._closed.is_set():
            return None
        if silent:
            return CallRefused(
                grpc.StatusCode.UNAVAILABLE,
                "",
                f"nothing was heard from the service for {self._limits.silence:g} s",
            )
        # This client's own deadline is told from a proxy's by the clock, in _bear.
        if refused.passing or refused.code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return refused
        raise refused

    def _bear(self, lost: CallRefused) -> None:
        """Wait until the stream may be opened again, where the limits leave the time."""
        now = time.monotonic()
        delay = self._backoff.next(lost.retry_after)
        unreachable = self._limits.unreachable
        if unreachable is not None and now + delay >= self._heard_at + unreachable:
            raise lost
        if self._until is not None and now + delay >= self._until:
            raise WatchTimedOut(self._job_id, self.last_sequence) from lost
        if self._on_interruption is not None:
            self._on_interruption(Interruption(lost, delay, self.last_sequence))
        self._closed.wait(delay)


def _let_end(call: Stream[WatchJobResponse]) -> None:
    """Give the server time to end the stream OK: a cancelled one counts as broken off there."""
    ended = Event()
    if call.add_callback(ended.set):
        ended.wait(_FAREWELL_SECONDS)
