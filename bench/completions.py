"""The jobs that complete, as the feed tells."""

from collections.abc import AsyncIterator

from grpc import aio

from vstep.grading.v1.grading_service_pb2 import WatchJobsRequest, WatchJobsResponse
from vstep.grading.v1.job_pb2 import JobState

FEED_METHOD = "/vstep.grading.v1.GradingService/WatchJobs"


async def completions(channel: aio.Channel) -> AsyncIterator[str]:
    """The ids of the jobs that complete, each once, from the feed's beginning.

    Raises:
        SystemExit: a job ended in another state.
    """
    feed: aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(FEED_METHOD)
    seen: set[str] = set()
    async for data in feed(WatchJobsRequest(only_ends=True).SerializeToString()):
        event = WatchJobsResponse.FromString(data).event
        if event.job_id in seen or not event.job_id:
            continue
        if event.state != JobState.JOB_STATE_COMPLETED:
            raise SystemExit(f"a job ended as {JobState.Name(event.state)}: {event.error.message}")
        seen.add(event.job_id)
        yield event.job_id
