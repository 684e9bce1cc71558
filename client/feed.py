"""The feed of all jobs, which opens its stream again by itself."""

from collections.abc import Callable

from client.errors import FeedEnded, FeedTimedOut
from client.resumption import Interruption, ResumingStream, WatchLimits
from client.silence import Stream
from vstep.grading.v1.grading_service_pb2 import WatchJobsRequest, WatchJobsResponse
from vstep.grading.v1.grading_service_pb2_grpc import GradingServiceStub
from vstep.grading.v1.job_pb2 import JobEvent

#: An event, and where the feed goes on after it.
FeedItem = tuple[JobEvent, str]


class Feed(ResumingStream[WatchJobsResponse, FeedItem, str]):
    """The events of many jobs, each with its cursor, at least once and without an end.

    An iterable. Who stores the cursor together with what was done about the
    event, and begins there again, has done it exactly once. Iterating anew goes on
    at ``cursor``. Beside ``CallRefused``, and its kinds ``CursorTooOld`` and
    ``CursorInvalid``, it raises ``FeedEnded`` where the service broke its contract,
    and ``FeedTimedOut`` after the overall limit.
    """

    def __init__(
        self,
        stub: GradingServiceStub,
        request: WatchJobsRequest,
        *,
        limits: WatchLimits | None = None,
        on_interruption: Callable[[Interruption[str]], None] | None = None,
        on_quiet: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(limits, on_interruption)
        self._stub = stub
        self._request = request
        self._on_quiet = on_quiet
        #: Where the feed goes on: after the last event given, or further where
        #: the filter let nothing through since.
        self.cursor = request.cursor

    @property
    def _place(self) -> str:
        return self.cursor

    def _open(self, seconds: float | None) -> Stream[WatchJobsResponse]:
        request = WatchJobsRequest()
        request.CopyFrom(self._request)
        request.cursor = self.cursor
        return self._stub.WatchJobs(request, timeout=seconds)

    def _take(self, answer: WatchJobsResponse) -> FeedItem | None:
        self.cursor = answer.cursor
        if answer.HasField("event"):
            return answer.event, answer.cursor
        if self._on_quiet is not None:
            self._on_quiet(answer.cursor)
        return None

    @property
    def _done(self) -> bool:
        return False

    def _accept_end(self) -> None:
        raise FeedEnded(self.cursor)

    def _timed_out(self) -> FeedTimedOut:
        return FeedTimedOut(self.cursor)
