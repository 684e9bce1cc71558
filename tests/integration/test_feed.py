"""The feed: one order over all jobs, skipping nothing, however late a transaction commits."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, text

from grading.domain.job import JobStage, JobState
from grading.exceptions import CursorInvalid, CursorTooOld
from grading.store.acceptance import accept
from grading.store.feed import Cursor, FeedEvent, feed_start, read_feed
from grading.store.jobs import cancel_job
from grading.store.records import Claim
from grading.store.retention import purge_events
from grading.store.runs import advance, claim
from tests.stack.submissions import new_job

LEASE = timedelta(seconds=30)
START = Cursor.after(0)


def _claimed(conn: Connection) -> Claim:
    job = new_job()
    accept(conn, [job])
    held = claim(conn, job.id, "worker-1", LEASE)
    assert held is not None
    return held


def _advance(conn: Connection, held: Claim) -> None:
    advance(conn, held, JobState.ANALYZING, JobStage.MEASURING, 0.5, "Measuring.")


def _places(events: Sequence[FeedEvent], job_id: UUID) -> list[int]:
    return [found.event.sequence for found in events if found.event.job_id == job_id]


def _open_transaction(engine: Engine) -> Connection:
    conn = engine.execution_options(isolation_level="READ COMMITTED").connect()
    conn.begin()
    return conn


def test_every_event_comes_once_whatever_the_size_of_a_page(conn: Connection) -> None:
    held = [_claimed(conn) for _ in range(5)]
    for claimed in held:
        _advance(conn, claimed)
    whole = list(read_feed(conn, START, 1000).events)
    assert len(whole) == 15
    paged: list[FeedEvent] = []
    cursor = START
    while (page := read_feed(conn, Cursor.read(cursor.write()), 4)).events:
        assert len(page.events) <= 4
        paged += page.events
        cursor = page.reached
    assert paged == whole
    assert [found.cursor for found in whole] == sorted(found.cursor for found in whole)
    for claimed in held:
        assert _places(whole, claimed.job_id) == [1, 2, 3]


def test_a_transaction_that_commits_late_is_not_skipped(engine: Engine, conn: Connection) -> None:
    early, later = _claimed(conn), _claimed(conn)
    before = read_feed(conn, START, 1000).reached
    slow = _open_transaction(engine)
    _advance(slow, early)
    _advance(conn, later)
    assert read_feed(conn, before, 1000).events == []
    slow.commit()
    slow.close()
    after = read_feed(conn, before, 1000).events
    assert {found.event.job_id for found in after} == {early.job_id, later.job_id}


def test_within_a_job_the_feed_keeps_the_order_of_the_log(engine: Engine, conn: Connection) -> None:
    held, other = _claimed(conn), _claimed(conn)
    slow = _open_transaction(engine)
    # The slow transaction gets its id now, and writes to the job only after another did.
    _advance(slow, other)
    _advance(conn, held)
    _advance(slow, held)
    slow.commit()
    slow.close()
    feed = read_feed(conn, START, 1000).events
    assert _places(feed, held.job_id) == [1, 2, 3, 4]


def test_a_feed_may_begin_now(conn: Connection) -> None:
    held = _claimed(conn)
    cursor = feed_start(conn, "", at_end=True)
    assert read_feed(conn, cursor, 1000).events == []
    _advance(conn, held)
    assert _places(read_feed(conn, cursor, 1000).events, held.job_id) == [3]


@pytest.mark.parametrize("token", ["nonsense", "AAAA", "////", "é", "_" * 44])
def test_a_cursor_that_was_made_up_is_refused(conn: Connection, token: str) -> None:
    with pytest.raises(CursorInvalid):
        feed_start(conn, token, at_end=False)


def test_a_cursor_behind_a_purge_is_too_old_and_the_oldest_one_is_named(conn: Connection) -> None:
    ended, running = _claimed(conn), _claimed(conn)
    old = read_feed(conn, START, 1).reached.write()
    cancel_job(conn, ended.job_id)
    conn.execute(text("UPDATE jobs SET ended_at = ended_at - interval '1 h'"))
    assert purge_events(conn, timedelta(minutes=1), 1000) == 1
    with pytest.raises(CursorTooOld) as refused:
        feed_start(conn, old, at_end=False)
    oldest = feed_start(conn, refused.value.oldest_cursor, at_end=False)
    assert oldest == feed_start(conn, "", at_end=False)
    _advance(conn, running)
    assert _places(read_feed(conn, oldest, 1000).events, running.job_id)[-1] == 3


def test_a_feed_that_has_read_all_is_not_overtaken_by_a_purge(conn: Connection) -> None:
    held = _claimed(conn)
    cancel_job(conn, held.job_id)
    lagging = read_feed(conn, START, 2).reached
    caught_up = read_feed(conn, START, 1000).reached
    conn.execute(text("UPDATE jobs SET ended_at = ended_at - interval '1 h'"))
    assert purge_events(conn, timedelta(minutes=1), 1000) == 1
    assert read_feed(conn, caught_up, 1000).events == []
    with pytest.raises(CursorTooOld):
        read_feed(conn, lagging, 1000)
