"""Tenants in the store: what is one's own, and what others leave no trace of."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import uuid_utils
from sqlalchemy import Connection, Engine, text

from grading.exceptions import CursorInvalid, JobNotFound
from grading.store.acceptance import Accepted, Refused, accept
from grading.store.engine import make_async_engine, sqlalchemy_url
from grading.store.erasure import erase_job
from grading.store.feed import Cursor, FeedPage, feed_start, read_feed
from grading.store.recordings import announce_recording, find_recording_of, mark_stored
from grading.store.records import NewJob
from grading.store.runs import claim
from server import feeding
from server.feeding import FeedFilter, Feeding, QuietFeed
from server.store import Store
from server.watch_hub import WatchHub
from tests.stack.postgres import Database
from tests.stack.recordings import KEEP, new_recording
from tests.stack.submissions import new_job, talk

OURS, THEIRS = "our-school", "their-school"
LEASE = timedelta(seconds=30)


def _job(tenant: str) -> NewJob:
    return replace(new_job(), tenant=tenant)


def _accepted(conn: Connection, *tenants: str) -> list[UUID]:
    jobs = [_job(tenant) for tenant in tenants]
    assert all(isinstance(one, Accepted) for one in accept(conn, jobs))
    return [job.id for job in jobs]


def _ids(page: FeedPage) -> list[UUID]:
    return [found.event.job_id for found in page.events]


def test_a_page_of_the_feed_reads_past_others_events_and_counts_them(conn: Connection) -> None:
    # Each acceptance is a transaction, so this is the feed's order.
    ids = [_accepted(conn, tenant)[0] for tenant in (OURS, *[THEIRS] * 5, OURS)]
    cursor = feed_start(conn, "", at_end=False, tenant=OURS)
    pages = []
    while True:
        page = read_feed(conn, cursor, 2, tenant=OURS)
        assert page.reached > cursor
        cursor = page.reached
        pages.append(_ids(page))
        if not page.full:
            break
    assert pages == [[ids[0]], [], [], [ids[6]]]
    assert read_feed(conn, cursor, 2, tenant=OURS) == FeedPage([], cursor, full=False)


def test_a_cursor_is_its_tenants(conn: Connection) -> None:
    _accepted(conn, OURS)
    cursor = feed_start(conn, "", at_end=True, tenant=OURS)
    assert Cursor.read(cursor.write(OURS), OURS) == cursor
    assert Cursor.read(cursor.write()) == cursor
    for written, reader in ((cursor.write(OURS), THEIRS), (cursor.write(), THEIRS)):
        with pytest.raises(CursorInvalid):
            feed_start(conn, written, at_end=False, tenant=reader)
    with pytest.raises(CursorInvalid):
        feed_start(conn, cursor.write(OURS), at_end=False)


async def test_a_quiet_feeds_cursor_names_no_job_of_others(
    conn: Connection, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "PAGE", 3)
    mine = set(_accepted(conn, *[OURS] * 2))
    theirs: set[UUID] = set()
    for _ in range(4):
        theirs |= set(_accepted(conn, *[THEIRS] * 2))
    mine |= set(_accepted(conn, OURS))
    settings = database.settings()
    store = Store(make_async_engine(settings, "tests-tenants"))
    hub = WatchHub(store, sqlalchemy_url(settings), listen=False, poll_seconds=60)
    feed = Feeding(store, hub, heartbeat_seconds=0, max_age_seconds=60)
    seen: list[UUID] = []
    quiet: list[Cursor] = []
    last = Cursor.after(0)
    try:
        events = feed.events("", FeedFilter(OURS), start_at_end=False)
        async with aclosing(events):  # type: ignore[type-var]
            async for item in events:
                assert item.cursor >= last
                last = item.cursor
                if isinstance(item, QuietFeed):
                    quiet.append(item.cursor)
                else:
                    seen.append(item.event.job_id)
                if len(seen) == 3 and quiet and quiet[-1] == last:
                    break
    finally:
        await store.close()
    assert set(seen) == mine
    assert len(quiet) > 2
    assert not {cursor.job_id for cursor in quiet} & theirs
    # Nothing is left out by who goes on at any of them.
    for cursor in quiet:
        known = {found.event.job_id for found in read_feed(conn, cursor, 100, tenant=OURS).events}
        passed = [job for job in seen if job not in known]
        assert passed == seen[: len(passed)]


def test_erasing_another_tenants_job_touches_nothing_of_it(conn: Connection) -> None:
    recording = replace(new_recording(), tenant=OURS)
    announce_recording(conn, recording)
    assert mark_stored(conn, recording.id, KEEP)
    job = replace(new_job(work=talk(recording.id)), tenant=OURS)
    [accepted] = accept(conn, [job])
    assert isinstance(accepted, Accepted)
    wanted = text("SELECT wanted_until FROM recordings")
    before = conn.scalar(wanted)

    assert find_recording_of(conn, job.id, THEIRS) is None
    with pytest.raises(JobNotFound):
        erase_job(conn, job.id, THEIRS)
    assert conn.scalar(wanted) == before
    erased_at = erase_job(conn, job.id, OURS)
    assert erase_job(conn, job.id, OURS) == erased_at
    with pytest.raises(JobNotFound):
        erase_job(conn, job.id, THEIRS)
    assert conn.scalar(wanted) < before


def test_a_worker_knows_whose_job_it_holds(conn: Connection) -> None:
    """What it fetches for the job becomes that tenant's recording."""
    [job_id] = _accepted(conn, OURS)
    held = claim(conn, job_id, "worker-1", LEASE)
    assert held is not None
    assert held.tenant == OURS


def test_tenants_that_use_the_same_names_at_once_do_not_meet(
    engine: Engine, database: Database
) -> None:
    """Each gets its own jobs, whatever order they come in, and nobody waits for ever."""
    crowd, rounds = 6, 15
    made = [_job(OURS) for _ in range(4)]
    barrier = threading.Barrier(crowd)

    def submit(number: int) -> list[Accepted | Refused]:
        answers: list[Accepted | Refused] = []
        with engine.connect() as conn:
            for _ in range(rounds):
                jobs = [
                    replace(job, id=UUID(int=uuid_utils.uuid7().int), tenant=tenant)
                    for job in made
                    for tenant in (OURS, THEIRS)
                ]
                barrier.wait()
                answers += accept(conn, jobs if number % 2 else jobs[::-1])
        return answers

    with ThreadPoolExecutor(crowd) as pool:
        answers = [one for each in pool.map(submit, range(crowd)) for one in each]
    assert all(isinstance(one, Accepted) for one in answers)
    assert sum(not one.deduplicated for one in answers if isinstance(one, Accepted)) == 8
    rows = database.rows(
        "SELECT tenant, count(*) AS jobs FROM jobs GROUP BY tenant ORDER BY tenant"
    )
    assert rows == [{"tenant": OURS, "jobs": 4}, {"tenant": THEIRS, "jobs": 4}]


def test_what_an_earlier_release_stores_is_the_default_tenants(conn: Connection) -> None:
    """It names no tenant, and its look-ups find their indexes."""
    conn.execute(
        text("""
            INSERT INTO jobs (
                id, request_id, payload_hash, user_id, submission_id, attempt, skill, state,
                last_sequence, accepted_at, updated_at, deadline_at
            )
            SELECT gen_random_uuid(), request_id, '', 'learner-1', 'submission-1', 1, 'writing',
                   'queued', 1, now(), now(), now()
            FROM (SELECT gen_random_uuid() AS request_id) AS made
            ON CONFLICT DO NOTHING
        """)
    )
    assert conn.scalars(text("SELECT tenant FROM jobs")).all() == ["default"]
    conn.execute(text("SET enable_seqscan = off"))
    for look_up, index in (
        ("request_id = '01970000-0000-7000-8000-000000000001'", "jobs_tenant_request_key"),
        ("submission_id = 'a'", "jobs_tenant_submission_key"),
        ("user_id = 'a'", "jobs_tenant_user"),
        ("skill = 'writing' AND phase = 'queued'", "jobs_tenant_phase"),
    ):
        plan = conn.scalars(text(f"EXPLAIN SELECT * FROM jobs WHERE {look_up}")).all()  # noqa: S608
        assert index in "\n".join(plan)
