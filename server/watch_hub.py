"""The watch hub: one LISTEN connection, fanned out to every watcher in memory.

A NOTIFY is a hint and nothing more: it names a job whose log grew, and the hub
reads the log. A poll does the same for every watched job, so that the hub is
right, only slower, when hints get lost or NOTIFY is switched off.
"""

import asyncio
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from grading.exceptions import JobNotFound
from grading.store.erasure import find_erased
from grading.store.events import CHANNEL, read_events
from grading.store.records import Event
from server.exceptions import Draining, WatcherTooSlow
from server.store import Store

_log = structlog.get_logger(__name__)

#: Events that a watcher may leave unread before it is cut off.
QUEUE_LENGTH = 256
#: How many events one read of the log may bring.
READ_LIMIT = 10_000
#: The shortest time between two reads, in seconds: an event that comes alone is read at
#: once, and those that come thick and fast share reads.
READ_SECONDS = 0.005
#: About so many jobs are looked up together in a poll: all of thousands would stop
#: everything else for tens of milliseconds.
POLLED_TOGETHER = 100
#: Every so many polls it is asked which watched jobs were erased, for lost hints.
ERASED_POLLS = 10


class Subscription:
    """One watcher's queue of the events that come after its subscription.

    It may hold events that the watcher has read from the log already; the
    watcher passes over sequences that it has seen.
    """

    def __init__(self, job_id: UUID) -> None:
        self.job_id = job_id
        self._events: asyncio.Queue[Event] = asyncio.Queue(QUEUE_LENGTH)
        self._ended: Exception | None = None
        self._wake = asyncio.Event()

    async def next(self) -> Event:
        """Wait for the next event.

        Raises:
            Draining, WatcherTooSlow: the hub cut the watcher off.
        """
        while True:
            if self._ended is not None:
                raise self._ended
            if not self._events.empty():
                return self._events.get_nowait()
            self._wake.clear()
            await self._wake.wait()

    def push(self, event: Event) -> None:
        """Hand over an event, without waiting; a watcher whose queue is full is cut off."""
        try:
            self._events.put_nowait(event)
        except asyncio.QueueFull:
            self.end(WatcherTooSlow())
        self._wake.set()

    def end(self, error: Exception) -> None:
        """Cut the watcher off."""
        self._ended = self._ended or error
        self._wake.set()


@dataclass
class _Topic:
    """What the hub knows of a watched job."""

    #: The last sequence that was handed to the subscriptions.
    cursor: int
    subscriptions: set[Subscription] = field(default_factory=set)


class WatchHub:
    """Reads the logs of watched jobs and hands new events to their watchers."""

    def __init__(self, store: Store, conninfo: str, *, listen: bool, poll_seconds: float) -> None:
        self._store = store
        self._conninfo = conninfo
        self._listen_wanted = listen
        self._poll_seconds = poll_seconds
        self._topics: dict[UUID, _Topic] = {}
        self._hinted: set[UUID] = set()
        #: Jobs that were erased, if there is nothing new in their logs.
        self._suspects: set[UUID] = set()
        self._hint = asyncio.Event()
        self._pulse = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._draining = False

    def start(self) -> None:
        """Begin to listen, poll and read."""
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._poll())]
        if self._listen_wanted:
            self._tasks.append(asyncio.create_task(self._listen()))

    async def stop(self) -> None:
        """End every task; subscriptions must have been drained before."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def drain(self) -> None:
        """Cut every watcher off with ``Draining``, now and from here on."""
        self._draining = True
        for topic in self._topics.values():
            for subscription in topic.subscriptions:
                subscription.end(Draining())
        self._beat()

    @property
    def watchers(self) -> int:
        """How many subscriptions there are."""
        return sum(len(topic.subscriptions) for topic in self._topics.values())

    def subscribe(self, job_id: UUID, after_sequence: int) -> Subscription:
        """Register for the events of a job, before its log is read.

        What is committed before this call is in the log that the caller reads
        next; what is committed later is found by the hub, whose cursor for the
        job is no newer than that. So nothing falls between the two.

        Raises:
            Draining: the server is shutting down.
        """
        self.refuse_when_draining()
        topic = self._topics.get(job_id)
        if topic is None:
            topic = self._topics[job_id] = _Topic(cursor=after_sequence)
        subscription = Subscription(job_id)
        topic.subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Forget a subscription, and its job when nobody else watches it."""
        topic = self._topics[subscription.job_id]
        topic.subscriptions.discard(subscription)
        if not topic.subscriptions:
            del self._topics[subscription.job_id]
            self._suspects.discard(subscription.job_id)

    @property
    def pulse(self) -> asyncio.Event:
        """An event that is set when any job's log may have grown; a new one each time."""
        return self._pulse

    def refuse_when_draining(self) -> None:
        """Raise ``Draining`` if the server is shutting down."""
        if self._draining:
            raise Draining

    def _beat(self) -> None:
        pulse, self._pulse = self._pulse, asyncio.Event()
        pulse.set()

    def _hint_at(self, job_ids: Iterable[UUID]) -> None:
        self._hinted.update(job_ids)
        self._hint.set()

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        read_at = loop.time()
        while True:
            await self._hint.wait()
            await asyncio.sleep(read_at - loop.time())
            read_at = loop.time() + READ_SECONDS
            self._hint.clear()
            hinted, self._hinted = self._hinted, set()
            try:
                await self._read_logs(hinted & self._topics.keys())
            except (SQLAlchemyError, OSError) as error:
                _log.warning("log_not_read", error=type(error).__name__)
                # the poll comes back to it

    async def _read_logs(self, job_ids: set[UUID]) -> None:
        cursors = {job_id: self._topics[job_id].cursor for job_id in job_ids}
        if not cursors:
            return
        events = await self._store.run(read_events, cursors, READ_LIMIT)
        grown = {event.job_id for event in events}
        quiet = (cursors.keys() - grown) & self._suspects
        self._suspects -= cursors.keys()
        self._hand_out(events)
        if len(events) == READ_LIMIT:
            self._hint_at(cursors)
        if quiet:
            self._end_erased(await self._store.run(find_erased, [*quiet]))

    def _hand_out(self, events: Iterable[Event]) -> None:
        for event in events:
            topic = self._topics.get(event.job_id)
            if topic is None or event.sequence <= topic.cursor:
                continue
            topic.cursor = event.sequence
            for subscription in topic.subscriptions:
                subscription.push(event)

    def _end_erased(self, erased: Iterable[UUID]) -> None:
        for job_id in erased:
            if topic := self._topics.get(job_id):
                for subscription in topic.subscriptions:
                    subscription.end(JobNotFound(job_id))

    async def _poll(self) -> None:
        for polls in itertools.count(1):
            if polls % ERASED_POLLS == 0:
                self._suspects.update(self._topics)
            topics = [*self._topics]
            parts = max(1, len(topics) // POLLED_TOGETHER)
            for part in range(parts):
                await asyncio.sleep(self._poll_seconds / parts)
                self._hint_at(topics[part::parts] if parts > 1 else self._topics)
            self._beat()

    async def _listen(self) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._conninfo,
                    autocommit=True,
                    connect_timeout=5,
                    application_name="vstep-grading-listen",
                ) as conn:
                    await conn.execute(f"LISTEN {CHANNEL}")
                    self._hint_at(self._topics)
                    async for notification in conn.notifies():
                        self._beat()
                        job_id = _job_id(notification.payload)
                        if job_id in self._topics:
                            self._suspects.add(job_id)
                            self._hint_at((job_id,))
            except (psycopg.Error, OSError) as error:
                _log.warning("not_listening", error=type(error).__name__)
            await asyncio.sleep(self._poll_seconds)


def _job_id(payload: str) -> UUID | None:
    try:
        return UUID(payload)
    except ValueError:
        return None
