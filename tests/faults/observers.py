"""Watchers of every job and a follower of the feed, which go on where a stream broke off."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from grpc import aio

from tests.faults.clients import PASSING, PAUSE_SECONDS, Clients
from tests.faults.evidence import Delivered, Evidence
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.job_pb2 import JobEvent

_Wanted = Callable[[JobEvent], bool]


@dataclass
class Observers:
    """Use the stubs alone: a client that knows better might hide what a server repeats."""

    clients: Clients
    evidence: Evidence
    user_id: str
    _watchers: list[asyncio.Task[None]] = field(default_factory=list)
    _waiting: list[tuple[_Wanted, asyncio.Future[JobEvent]]] = field(default_factory=list)

    def watch(self, job_id: str) -> None:
        """Watch a job until it has ended."""
        self.evidence.watched[job_id] = []
        self._watchers.append(asyncio.create_task(self._watch(job_id)))

    async def next_event(self, wanted: _Wanted) -> JobEvent:
        """Wait until a watcher is given an event of this kind."""
        seen: asyncio.Future[JobEvent] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, seen))
        return await seen

    async def all_ended(self, seconds: float) -> None:
        """Wait until every stream has ended, ``seconds`` at the most; the rest is left."""
        if self._watchers:
            _, left = await asyncio.wait(self._watchers, timeout=seconds)
            for watcher in left:
                watcher.cancel()
            await asyncio.gather(*self._watchers, return_exceptions=True)

    async def follow_feed(self) -> None:
        """Follow the feed of the scenario's user, until cancelled."""
        cursor = ""
        stream = 0
        while True:
            stream += 1
            request = messages.WatchJobsRequest(cursor=cursor, user_id=self.user_id)
            try:
                async for answer in self.clients.stub().WatchJobs(request):
                    cursor = answer.cursor
                    if answer.HasField("event"):
                        self.evidence.feed.append(Delivered(answer.event, stream))
                self.evidence.oddities.append("the feed ended with OK")
            except aio.AioRpcError as error:
                self._resume("the feed", error)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _watch(self, job_id: str) -> None:
        events = self.evidence.watched[job_id]
        while True:
            cursor = events[-1].sequence if events else 0
            request = messages.WatchJobRequest(job_id=job_id, after_sequence=cursor)
            try:
                async for answer in self.clients.stub().WatchJob(request):
                    if answer.HasField("event"):
                        events.append(answer.event)
                        self._tell(answer.event)
                        cursor = answer.event.sequence
                    elif answer.heartbeat.after_sequence != cursor:
                        self.evidence.oddities.append(
                            f"a heartbeat of job {job_id} says {answer.heartbeat.after_sequence}"
                            f" after event {cursor}"
                        )
                return
            except aio.AioRpcError as error:
                if not self._resume(f"the stream of job {job_id}", error):
                    return
            await asyncio.sleep(PAUSE_SECONDS)

    def _tell(self, event: JobEvent) -> None:
        for wanted, seen in [*self._waiting]:
            if seen.done():
                self._waiting.remove((wanted, seen))
            elif wanted(event):
                seen.set_result(event)

    def _resume(self, what: str, error: aio.AioRpcError) -> bool:
        if error.code() in PASSING:
            self.evidence.resumes += 1
            return True
        self.evidence.oddities.append(f"{what} ended with {error.code().name}: {error.details()}")
        return False
