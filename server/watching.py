"""Following one job's log: subscribe, then read, then follow."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from grading.domain.caller import DEFAULT_TENANT
from grading.domain.job import TERMINAL, JobState
from grading.exceptions import CursorOutOfRange
from grading.store.events import read_events
from grading.store.jobs import get_job
from grading.store.records import Event, Job
from grading.tracing import tell_moment
from server.exceptions import Draining, StreamTooOld
from server.metrics import EVENT_LAG
from server.store import Store
from server.watch_hub import READ_LIMIT, Subscription, WatchHub

_LAG = EVENT_LAG.labels("GradingService/WatchJob")


@dataclass(frozen=True, slots=True)
class QuietSpell:
    """Nothing happened for a while; every event up to ``after_sequence`` was given before."""

    after_sequence: int


@dataclass(frozen=True)
class Watching:
    """Gives the events of a job, each once and in order."""

    store: Store
    hub: WatchHub
    heartbeat_seconds: float
    max_age_seconds: float

    async def events(
        self,
        job_id: UUID,
        after_sequence: int,
        *,
        end_at_review: bool,
        tenant: str = DEFAULT_TENANT,
    ) -> AsyncIterator[Event | QuietSpell]:
        """Give every event after a cursor until the job ends, and signs of life between.

        Raises:
            JobNotFound: there is no such job.
            CursorOutOfRange: the cursor lies beyond the job's log.
            StreamTooOld, WatcherTooSlow, Draining: ask again at the last sequence.
        """
        ends = _ends(end_at_review)
        too_old_at = time.monotonic() + self.max_age_seconds
        job = await self.store.run(get_job, job_id, tenant)
        if after_sequence > job.last_sequence:
            raise CursorOutOfRange(job.last_sequence)
        # No span lasts as long as a stream: this one tells that it was opened, and of what.
        tell_moment("WatchJob opened", links=[job.traceparent])
        # Not at the client's cursor: a made-up one would become that of the job's
        # topic in the hub, and keep its events from every other watcher.
        with self._subscribed(job_id, job.last_sequence) as subscription:
            cursor = after_sequence
            more = True
            while more:
                log = await self.store.run(read_events, {job_id: cursor}, READ_LIMIT)
                more = len(log) == READ_LIMIT
                for event in log:
                    cursor = event.sequence
                    yield event
                    if event.state in ends:
                        return
            if job.state in ends:
                return  # the client has it all already, or the log was purged
            while True:
                left = too_old_at - time.monotonic()
                if left <= 0:
                    raise StreamTooOld
                try:
                    async with asyncio.timeout(min(left, self.heartbeat_seconds)):
                        event = await subscription.next()
                except TimeoutError:
                    if time.monotonic() < too_old_at:
                        yield QuietSpell(cursor)
                    continue
                if event.sequence <= cursor:
                    continue
                cursor = event.sequence
                yield event
                _LAG.observe(time.time() - event.created_at.timestamp())
                if event.state in ends:
                    return

    async def wait(
        self,
        job_id: UUID,
        timeout: float,
        *,
        end_at_review: bool,
        tenant: str = DEFAULT_TENANT,
    ) -> Job:
        """Wait until a job ends, or for ``timeout`` seconds, and give it as it stands then.

        A server that shuts down doesn't hold the caller up: it answers at once.

        Raises:
            JobNotFound: there is no such job.
        """
        ends = _ends(end_at_review)
        try:
            last_sequence = (await self.store.run(get_job, job_id, tenant)).last_sequence
            with self._subscribed(job_id, last_sequence) as subscription:
                job = await self.store.run(get_job, job_id, tenant)
                if job.state in ends or timeout <= 0:
                    return job
                async with asyncio.timeout(timeout):
                    while (await subscription.next()).state not in ends:
                        pass
        except (TimeoutError, Draining):
            pass
        return await self.store.run(get_job, job_id, tenant)

    @contextmanager
    def _subscribed(self, job_id: UUID, after_sequence: int) -> Iterator[Subscription]:
        subscription = self.hub.subscribe(job_id, after_sequence)
        try:
            yield subscription
        finally:
            self.hub.unsubscribe(subscription)


def has_ended(job: Job, *, end_at_review: bool) -> bool:
    """Whether a wait for this job is over because of its state."""
    return job.state in _ends(end_at_review)


def _ends(end_at_review: bool) -> frozenset[JobState]:
    return TERMINAL | {JobState.REVIEW_REQUIRED} if end_at_review else TERMINAL
