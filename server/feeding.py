"""The feed of all jobs: read below the oldest running transaction, then wait, then read on."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

from grading.domain.job import TERMINAL, JobState
from grading.domain.work import Skill
from grading.store.feed import Cursor, FeedEvent, FeedPage, feed_start, read_feed
from grading.tracing import tell_moment
from server.exceptions import StreamTooOld
from server.metrics import EVENT_LAG
from server.store import Store
from server.watch_hub import WatchHub

#: Events to a read.
PAGE = 500
#: After a hint that brought nothing: a transaction that began earlier may still
#: hold the new events back. So often, and after so many seconds, it is tried again.
TRIES, TRY_SECONDS = 5, 0.01
#: The shortest time between two reads, in seconds: what comes thick and fast shares them.
READ_SECONDS = 0.01

_LAG = EVENT_LAG.labels("GradingService/WatchJobs")

_ENDS = tuple(sorted(TERMINAL | {JobState.REVIEW_REQUIRED}))


@dataclass(frozen=True, slots=True)
class FeedFilter:
    """Which events of a tenant a feed lets through; None does not filter."""

    tenant: str
    user_id: str | None = None
    skill: Skill | None = None
    only_ends: bool = False

    def lets_through(self, found: FeedEvent) -> bool:
        """Tell whether an event that was read passes; its state was asked for then."""
        return (self.user_id is None or found.user_id == self.user_id) and (
            self.skill is None or found.skill is self.skill
        )


@dataclass(frozen=True, slots=True)
class QuietFeed:
    """Nothing passed the filter for a while; the feed has come as far as ``cursor``."""

    cursor: Cursor


@dataclass(frozen=True)
class Feeding:
    """Gives the events of all jobs, in one order, at least once."""

    store: Store
    hub: WatchHub
    heartbeat_seconds: float
    max_age_seconds: float

    async def events(
        self, token: str, wanted: FeedFilter, *, start_at_end: bool
    ) -> AsyncIterator[FeedEvent | QuietFeed]:
        """Give the events after a cursor for ever, and signs of life between.

        Raises:
            CursorInvalid, CursorTooOld: the feed can't begin there.
            CursorTooOld: also later, where a purge overtook the stream.
            StreamTooOld, Draining: ask again at the last cursor.
        """
        cursor = told = await self.store.run(
            feed_start, token, at_end=start_at_end, tenant=wanted.tenant
        )
        tell_moment("WatchJobs opened")
        if start_at_end:
            # Else a stream that is lost before its first event would leave out what
            # happens until it is opened again, at a new end.
            yield QuietFeed(cursor)
        too_old_at = time.monotonic() + self.max_age_seconds
        silent_since = time.monotonic()
        waits = False
        while True:
            self.hub.refuse_when_draining()
            # Asked for before the read: what comes meanwhile is not slept through.
            pulse = self.hub.pulse
            page = await self._read(cursor, wanted)
            for found in page.events:
                told = found.cursor
                if wanted.lets_through(found):
                    silent_since = time.monotonic()
                    yield found
                    if waits:
                        _LAG.observe(time.time() - found.event.created_at.timestamp())
            cursor = page.reached
            # What was read up to in the middle of the feed may be another tenant's event: the
            # place before all of its transaction's names no job.
            told = max(told, Cursor(cursor.feed_key)) if page.full else cursor
            now = time.monotonic()
            if now >= too_old_at:
                raise StreamTooOld
            if now - silent_since >= self.heartbeat_seconds:
                silent_since = now
                yield QuietFeed(told)
            # What is read before the first wait may be as old as the client's cursor.
            waits = not page.full
            if waits:
                left = min(too_old_at, silent_since + self.heartbeat_seconds) - now
                await _wait(pulse, left)
                await asyncio.sleep(now + READ_SECONDS - time.monotonic())

    async def _read(self, cursor: Cursor, wanted: FeedFilter) -> FeedPage:
        states = _ENDS if wanted.only_ends else None
        page = await self.store.run(read_feed, cursor, PAGE, states, wanted.tenant)
        for _ in range(TRIES):
            if page.reached > cursor:
                break
            await asyncio.sleep(TRY_SECONDS)
            page = await self.store.run(read_feed, page.reached, PAGE, states, wanted.tenant)
        return page


async def _wait(pulse: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(max(seconds, 0.001)):
            await pulse.wait()
