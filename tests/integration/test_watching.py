"""The watch hub: nothing falls between reading the log and following it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, text

from grading.domain.job import JobStage, JobState
from grading.exceptions import CursorOutOfRange
from grading.store import runs
from grading.store.acceptance import accept
from grading.store.engine import listen_conninfo, make_async_engine
from grading.store.records import Claim, Event
from server.exceptions import Draining, StreamTooOld, WatcherTooSlow
from server.store import Store
from server.watch_hub import QUEUE_LENGTH, WatchHub
from server.watching import QuietSpell, Watching
from tests.stack.postgres import Database
from tests.stack.scripted_grader import RESULT
from tests.stack.submissions import new_job

NOTIFY_AND_POLL = pytest.mark.parametrize(
    ("notify", "poll"), [(True, 60.0), (False, 0.05), (True, 0.05)], ids=["hint", "poll", "both"]
)

LISTENER = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'vstep-grading-listen'
"""


@asynccontextmanager
async def _watching(
    database: Database, *, notify: bool = True, poll: float = 0.05, heartbeat: float = 30
) -> AsyncIterator[Watching]:
    settings = database.settings()
    store = Store(make_async_engine(settings, "tests-watching"))
    hub = WatchHub(store, listen_conninfo(settings), listen=notify, poll_seconds=poll)
    hub.start()
    try:
        yield Watching(store, hub, heartbeat, max_age_seconds=60)
    finally:
        hub.drain()
        await hub.stop()
        await store.close()


def _claimed(conn: Connection) -> Claim:
    job = new_job()
    accept(conn, [job])
    held = runs.claim(conn, job.id, "worker-1", timedelta(seconds=60))
    assert held is not None
    return held


def _write(engine: Engine, held: Claim, count: int) -> None:
    with engine.connect() as conn:
        for number in range(count):
            runs.advance(conn, held, JobState.ANALYZING, JobStage.MEASURING, 0.5, f"Step {number}.")


def _settle(engine: Engine, held: Claim) -> None:
    with engine.connect() as conn:
        runs.settle(conn, held, RESULT, timedelta(seconds=1))


async def _sequences(watching: Watching, job_id: UUID, after: int = 0) -> list[int]:
    events = watching.events(job_id, after, end_at_review=False)
    return [event.sequence async for event in events if isinstance(event, Event)]


async def _until_listening(database: Database) -> None:
    query = (
        "SELECT pid FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'vstep-grading-listen'"
    )
    async with asyncio.timeout(10):
        while not database.rows(query):
            await asyncio.sleep(0.01)


@NOTIFY_AND_POLL
async def test_nothing_falls_between_reading_and_following(
    engine: Engine, conn: Connection, database: Database, notify: bool, poll: float
) -> None:
    held = _claimed(conn)
    async with _watching(database, notify=notify, poll=poll) as watching:
        writing = asyncio.create_task(asyncio.to_thread(_write, engine, held, 150))
        watchers: list[tuple[int, asyncio.Task[list[int]]]] = []
        while not writing.done():
            after = len(watchers) % 3
            sequences = _sequences(watching, held.job_id, after)
            watchers.append((after, asyncio.create_task(sequences)))
            await asyncio.sleep(0.005)
        await writing
        await asyncio.to_thread(_settle, engine, held)
        async with asyncio.timeout(20):
            for after, watcher in watchers:
                assert await watcher == list(range(after + 1, 154))
        assert len(watchers) > 5
        assert watching.hub.watchers == 0


@NOTIFY_AND_POLL
async def test_many_jobs_are_followed_side_by_side(
    engine: Engine, conn: Connection, database: Database, notify: bool, poll: float
) -> None:
    claims = [_claimed(conn) for _ in range(20)]
    async with _watching(database, notify=notify, poll=poll) as watching:
        watchers = [asyncio.create_task(_sequences(watching, held.job_id)) for held in claims]

        def work() -> None:
            for held in claims:
                _write(engine, held, 3)
            for held in claims:
                _settle(engine, held)

        await asyncio.to_thread(work)
        async with asyncio.timeout(20):
            for watcher in watchers:
                assert await watcher == [1, 2, 3, 4, 5, 6]


async def test_a_slow_watcher_is_cut_off_and_no_other(
    engine: Engine, conn: Connection, database: Database
) -> None:
    held = _claimed(conn)
    async with _watching(database) as watching:
        quick = asyncio.create_task(_sequences(watching, held.job_id))
        slow = watching.events(held.job_id, 0, end_at_review=False)
        seen = [await anext(slow), await anext(slow)]
        assert isinstance(seen[-1], Event)
        assert seen[-1].sequence == 2
        following = asyncio.ensure_future(anext(slow))  # it follows, and then stops reading
        await asyncio.to_thread(_write, engine, held, 1)
        await following
        for _ in range(3):
            await asyncio.to_thread(_write, engine, held, QUEUE_LENGTH // 2)
            await asyncio.sleep(0.3)
        with pytest.raises(WatcherTooSlow):
            async for _event in slow:
                pass
        await asyncio.to_thread(_settle, engine, held)
        async with asyncio.timeout(10):
            total = 3 + 3 * (QUEUE_LENGTH // 2) + 1
            assert await quick == list(range(1, total + 1))
            assert await _sequences(watching, held.job_id, 3) == list(range(4, total + 1))


async def test_a_listener_that_was_cut_off_comes_back(
    engine: Engine, conn: Connection, database: Database
) -> None:
    held = _claimed(conn)
    async with _watching(database, poll=0.3) as watching:
        watcher = asyncio.create_task(_sequences(watching, held.job_id))
        for _ in range(3):
            await _until_listening(database)
            [killed] = database.rows(LISTENER)
            database.rows("SELECT pg_terminate_backend(%s, 5000)", killed["pid"])
            await asyncio.to_thread(_write, engine, held, 2)
        await _until_listening(database)
        [again] = database.rows(LISTENER)
        assert again["pid"] != killed["pid"]
        await asyncio.to_thread(_settle, engine, held)
        async with asyncio.timeout(10):
            assert await watcher == list(range(1, 10))


async def test_a_lost_pool_is_survived(
    engine: Engine, conn: Connection, database: Database
) -> None:
    held = _claimed(conn)
    async with _watching(database) as watching:
        watcher = asyncio.create_task(_sequences(watching, held.job_id))
        await asyncio.sleep(0.2)
        database.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database()"
            " AND application_name IN ('tests-watching', 'vstep-grading-listen')"
        )
        await asyncio.to_thread(_settle, engine, held)
        async with asyncio.timeout(10):
            assert await watcher == [1, 2, 3]


async def test_a_heartbeat_never_overtakes_an_event(
    engine: Engine, conn: Connection, database: Database
) -> None:
    held = _claimed(conn)
    async with _watching(database, heartbeat=0.01) as watching:
        seen: list[int | str] = []

        async def watch() -> None:
            async for item in watching.events(held.job_id, 1, end_at_review=False):
                if isinstance(item, QuietSpell):
                    cursor = max((s for s in seen if isinstance(s, int)), default=1)
                    assert item.after_sequence == cursor
                    seen.append("quiet")
                else:
                    seen.append(item.sequence)

        watcher = asyncio.create_task(watch())
        for _ in range(10):
            await asyncio.to_thread(_write, engine, held, 1)
            await asyncio.sleep(0.03)
        await asyncio.to_thread(_settle, engine, held)
        async with asyncio.timeout(10):
            await watcher
        assert [item for item in seen if item != "quiet"] == list(range(2, 14))
        assert "quiet" in seen


async def test_a_made_up_cursor_leaves_other_watchers_alone(
    engine: Engine, conn: Connection, database: Database
) -> None:
    held = _claimed(conn)
    async with _watching(database) as watching:
        made_up = watching.events(held.job_id, 10**9, end_at_review=False)
        refused = asyncio.ensure_future(anext(made_up))
        await asyncio.sleep(0)  # it is under way
        watcher = asyncio.create_task(_sequences(watching, held.job_id))
        with pytest.raises(CursorOutOfRange):
            await refused
        await asyncio.to_thread(_settle, engine, held)
        async with asyncio.timeout(5):
            assert await watcher == [1, 2, 3]


async def test_a_drain_cuts_off_watchers_now_and_later(
    conn: Connection, database: Database
) -> None:
    held = _claimed(conn)
    async with _watching(database) as watching:
        watcher = asyncio.create_task(_sequences(watching, held.job_id))
        waiter = asyncio.create_task(watching.wait(held.job_id, 60, end_at_review=False))
        while watching.hub.watchers < 2:
            await asyncio.sleep(0.01)
        watching.hub.drain()
        with pytest.raises(Draining):
            await watcher
        assert (await waiter).state is JobState.PROCESSING
        with pytest.raises(Draining):
            await _sequences(watching, held.job_id)
        assert watching.hub.watchers == 0


async def test_a_stream_reaches_its_greatest_age_also_when_it_is_never_quiet(
    engine: Engine, conn: Connection, database: Database
) -> None:
    held = _claimed(conn)
    async with _watching(database) as watching:
        young = Watching(watching.store, watching.hub, 30, max_age_seconds=0.5)
        watcher = asyncio.create_task(_sequences(young, held.job_id))
        async with asyncio.timeout(5):
            while not watcher.done():
                await asyncio.to_thread(_write, engine, held, 1)
        with pytest.raises(StreamTooOld):
            await watcher


async def test_a_long_log_is_too_much_for_nobody(
    engine: Engine, conn: Connection, database: Database
) -> None:
    held = _claimed(conn)
    await asyncio.to_thread(_write, engine, held, 3 * QUEUE_LENGTH)
    async with _watching(database) as watching:
        watcher = asyncio.create_task(_sequences(watching, held.job_id))
        waiter = asyncio.create_task(watching.wait(held.job_id, 60, end_at_review=False))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(_settle, engine, held)
        async with asyncio.timeout(5):
            assert await watcher == list(range(1, 3 * QUEUE_LENGTH + 4))
            assert (await waiter).state is JobState.COMPLETED


@pytest.mark.parametrize("end_at_review", [True, False])
async def test_a_watch_ends_at_review_where_asked_for(
    conn: Connection, database: Database, end_at_review: bool
) -> None:
    held = _claimed(conn)
    conn.execute(text("UPDATE jobs SET state = 'review_required'"))
    conn.execute(text("UPDATE events SET state = 'review_required' WHERE sequence = 2"))
    async with _watching(database, heartbeat=0.05) as watching:
        seen = []
        async for item in watching.events(held.job_id, 0, end_at_review=end_at_review):
            seen.append(item)
            if isinstance(item, QuietSpell):
                break
        assert isinstance(seen[-1], QuietSpell) == (not end_at_review)
