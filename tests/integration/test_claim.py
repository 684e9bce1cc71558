"""Claiming: of any number of workers one gets the job, and only when it is to be had."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, text

from grading.domain.job import CLAIMABLE, JobState
from grading.store.acceptance import accept
from grading.store.feed import feed_start, read_feed
from grading.store.jobs import get_job
from grading.store.outbox import mark_sent, take_unsent
from grading.store.runs import claim
from tests.stack.postgres import Database
from tests.stack.submissions import new_job

LEASE = timedelta(seconds=30)


def test_a_claim_takes_lease_run_event_and_message_together(
    conn: Connection, database: Database
) -> None:
    job = new_job(text="An answer.")
    accept(conn, [job])

    held = claim(conn, job.id, "worker-1", LEASE)

    assert held is not None
    assert (held.job_id, held.run, held.work) == (job.id, 1, job.work)
    stored = get_job(conn, job.id)
    assert (stored.state, stored.run, stored.last_sequence) == (JobState.PROCESSING, 1, 2)
    [lease] = database.rows("SELECT lease_expires_at - now() AS left FROM jobs")
    assert LEASE - timedelta(seconds=5) < lease["left"] <= LEASE
    assert database.rows("SELECT run, worker, ended_at FROM runs") == [
        {"run": 1, "worker": "worker-1", "ended_at": None}
    ]
    assert database.counts()["outbox"] == 0
    assert claim(conn, job.id, "worker-2", LEASE) is None


def test_of_many_workers_one_wins(engine: Engine, database: Database) -> None:
    crowd = 10
    jobs = [new_job() for _ in range(10)]
    with engine.connect() as conn:
        accept(conn, jobs)
    barrier = threading.Barrier(crowd)

    def work(number: int) -> list[bool]:
        won = []
        with engine.connect() as conn:
            for job in jobs:
                barrier.wait()
                won.append(claim(conn, job.id, f"worker-{number}", LEASE) is not None)
        return won

    with ThreadPoolExecutor(crowd) as pool:
        won = list(pool.map(work, range(crowd)))

    assert [sum(one_job) for one_job in zip(*won, strict=True)] == [1] * len(jobs)
    assert database.rows("SELECT DISTINCT run, last_sequence FROM jobs") == [
        {"run": 1, "last_sequence": 2}
    ]
    counts = database.counts()
    assert (counts["runs"], counts["events"], counts["outbox"]) == (10, 20, 0)


@pytest.mark.parametrize("state", list(JobState))
def test_only_a_waiting_job_can_be_claimed(conn: Connection, state: JobState) -> None:
    job = new_job()
    accept(conn, [job])
    conn.execute(text("UPDATE jobs SET state = :state"), {"state": state.value})
    assert (claim(conn, job.id, "worker-1", LEASE) is not None) == (state in CLAIMABLE)


def test_a_retry_is_claimed_no_sooner_than_it_is_due(conn: Connection) -> None:
    job = new_job()
    accept(conn, [job])
    wait = text("UPDATE jobs SET state = 'retrying', next_run_at = now() + :wait")
    conn.execute(wait, {"wait": timedelta(hours=1)})
    assert claim(conn, job.id, "worker-1", LEASE) is None
    conn.execute(wait, {"wait": -timedelta(seconds=1)})
    assert claim(conn, job.id, "worker-1", LEASE) is not None


def test_an_overdue_or_unknown_job_is_not_claimed(conn: Connection) -> None:
    job = new_job(time_allowed=-timedelta(seconds=1))
    accept(conn, [job])
    assert claim(conn, job.id, "worker-1", LEASE) is None
    assert claim(conn, uuid4(), "worker-1", LEASE) is None


def test_a_claim_does_not_wait_for_the_relay_that_is_sending_its_message(
    engine: Engine, database: Database
) -> None:
    """Sent and claimed at the same time, the job leaves no row in the outbox."""
    job = new_job()
    with engine.connect() as conn:
        accept(conn, [job])
    relay = engine.execution_options(isolation_level="READ COMMITTED")
    with relay.begin() as sending:
        messages = take_unsent(sending, "writing", 10)
        with engine.connect() as other:
            assert claim(other, job.id, "worker-1", LEASE) is not None
        mark_sent(sending, messages)
    assert database.counts()["outbox"] == 0


def test_a_relay_that_waits_for_the_broker_does_not_hold_the_feed_up(engine: Engine) -> None:
    with engine.connect() as conn:
        accept(conn, [new_job()])
    relay = engine.execution_options(isolation_level="READ COMMITTED")
    with relay.begin() as sending, engine.connect() as conn:
        assert len(take_unsent(sending, "writing", 10)) == 1
        later = new_job()
        accept(conn, [later])
        cursor = feed_start(conn, "", at_end=False)
        found = read_feed(conn, cursor, 10).events
        assert later.id in {event.event.job_id for event in found}
