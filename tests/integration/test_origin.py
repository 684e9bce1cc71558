"""The feed of a database that is not where it was, while connections of before are open."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from grading.domain.job import JobStage, JobState
from grading.exceptions import CursorTooOld
from grading.store import schema
from grading.store.acceptance import accept
from grading.store.feed import Cursor, feed_start, read_feed
from grading.store.jobs import cancel_job
from grading.store.runs import advance, claim
from grading.store.schema import TableInUse, migrate
from tests.stack.postgres import Database, Databases
from tests.stack.submissions import new_job
from tests.stack.waiting import until

START = Cursor.after(0)
LEASE = timedelta(minutes=5)
_MOVE = text("UPDATE feed_origin SET origin = 'elsewhere'")
#: After so many executions a driver prepares a statement, and PostgreSQL keeps its plan.
OFTEN = 8


@pytest.fixture
def own(databases: Databases) -> Iterator[Database]:
    with databases.copy() as database:
        yield database


@pytest.fixture
def moved(own: Database) -> Iterator[Engine]:
    """A database that seems to have been elsewhere."""
    engine = own.make_engine()
    migrate(engine)
    with engine.connect() as conn:
        conn.execute(_MOVE)
    yield engine
    engine.dispose()


def test_where_nothing_was_moved_nothing_changes(own: Database) -> None:
    engine = own.make_engine(pool_size=1)
    # The copy of a database is another one: told once, and then known.
    migrate(engine)
    assert migrate(engine) is False
    engine.dispose()


def test_a_connection_that_was_open_goes_on_with_the_new_keys(moved: Engine) -> None:
    with moved.connect() as conn:
        for _ in range(OFTEN):
            accept(conn, [new_job()])
        before = read_feed(conn, START, 100).reached
        assert migrate(moved) is True
        later = new_job()
        accept(conn, [later])
        cancel_job(conn, later.id)
        page = read_feed(conn, before, 100)
    assert [found.event.sequence for found in page.events] == [1, 2]
    assert {found.event.job_id for found in page.events} == {later.id}
    assert page.reached.feed_key > before.feed_key + 2**40 - 1


def test_a_cursor_beyond_all_that_was_given_out_is_refused_before_anybody_told(
    moved: Engine,
) -> None:
    with moved.connect() as conn:
        accept(conn, [new_job()])
        newest = feed_start(conn, "", at_end=True)
        beyond = Cursor.after(newest.feed_key + 1_000_000)
        with pytest.raises(CursorTooOld) as refused:
            feed_start(conn, beyond.write(), at_end=False)
        assert Cursor.read(refused.value.oldest_cursor) == newest
        migrate(moved)
        with pytest.raises(CursorTooOld) as refused:
            read_feed(conn, beyond, 100)
        assert Cursor.read(refused.value.oldest_cursor) == newest
        assert read_feed(conn, newest, 100).events == []


def test_what_is_being_written_with_an_old_key_is_waited_for(moved: Engine) -> None:
    job = new_job()
    with moved.connect() as conn, ThreadPoolExecutor(1) as pool:
        accept(conn, [job])
        held = claim(conn, job.id, "worker-1", LEASE)
        assert held is not None
        before = read_feed(conn, START, 100).reached
        writing = moved.execution_options(isolation_level="READ COMMITTED").connect()
        with writing, writing.begin():
            advance(writing, held, JobState.ANALYZING, JobStage.MEASURING, 0.5, "Measuring.")
            moving = pool.submit(migrate, moved)
            until(lambda: _waits_for_a_table(conn))
            assert not moving.done()
        assert moving.result(30) is True
        accept(conn, [new_job()])
        found = [event.event.sequence for event in read_feed(conn, before, 100).events]
    assert found == [3, 1]


def test_a_table_that_is_never_free_stops_the_migration_and_not_the_service(
    moved: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "LOCK_SECONDS", 0.1)
    monkeypatch.setattr(schema, "TRIES", 2)
    monkeypatch.setattr(schema, "PAUSE_SECONDS", 0.0)
    with moved.connect() as conn:
        accept(conn, [new_job()])
        writing = moved.execution_options(isolation_level="READ COMMITTED").connect()
        with writing, writing.begin():
            accept(writing, [new_job()])
            with pytest.raises(TableInUse):
                migrate(moved)
            accept(conn, [new_job()])
        assert len(read_feed(conn, START, 100).events) == 3
        assert migrate(moved) is True


def _waits_for_a_table(conn: Connection) -> bool:
    return bool(conn.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))
