"""The event log: 1, 2, 3 … for each job, whoever writes; and a job that ends once."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, text

from grading.domain.job import TERMINAL, JobStage, JobState
from grading.domain.retry import RetryPolicy
from grading.exceptions import JobEnded, LeaseLost
from grading.store import runs
from grading.store.acceptance import accept
from grading.store.events import read_events
from grading.store.jobs import cancel_job, get_job
from grading.store.reaping import fail_overdue, reap_lapsed_leases, release_due_retries
from grading.store.records import Claim, Event
from tests.stack.postgres import Database
from tests.stack.scripted_grader import RESULT
from tests.stack.submissions import new_job

LEASE = timedelta(seconds=30)


def _events(conn: Connection, job_id: UUID) -> list[Event]:
    return list(read_events(conn, {job_id: 0}, 10_000))


def _assert_unbroken(conn: Connection, job_id: UUID) -> None:
    events = _events(conn, job_id)
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    job = get_job(conn, job_id)
    assert job.last_sequence == len(events)
    assert events[-1].state == job.state
    assert [event.state in TERMINAL for event in events[:-1]] == [False] * (len(events) - 1)


def test_many_writers_leave_no_gap(engine: Engine, conn: Connection) -> None:
    job = new_job()
    accept(conn, [job])
    held = runs.claim(conn, job.id, "worker-1", LEASE)
    assert held is not None
    writers, each = 8, 25

    def write(number: int) -> None:
        with engine.connect() as own:
            for step in range(each):
                runs.advance(
                    own, held, JobState.ANALYZING, JobStage.MEASURING, 0.5, f"{number}.{step}"
                )

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))

    _assert_unbroken(conn, job.id)
    events = _events(conn, job.id)
    assert len(events) == 2 + writers * each
    assert len({event.message for event in events}) == 2 + writers * each
    for number in range(writers):
        steps = [event.message for event in events if event.message.startswith(f"{number}.")]
        assert steps == [f"{number}.{step}" for step in range(each)]


def test_workers_reapers_and_a_client_at_once_end_each_job_once(
    engine: Engine, conn: Connection, database: Database
) -> None:
    jobs = [new_job() for _ in range(40)]
    accept(conn, jobs)
    over = threading.Event()
    chance = random.Random(7)

    def work(number: int) -> None:
        with engine.connect() as own:
            while not over.is_set():
                job = chance.choice(jobs)
                held = runs.claim(own, job.id, f"worker-{number}", timedelta(milliseconds=2))
                if held is not None:
                    _grade(own, held, chance)

    def reap() -> None:
        policy = RetryPolicy(5, timedelta(milliseconds=1))
        with engine.execution_options(isolation_level="READ COMMITTED").connect() as own:
            while not over.is_set():
                with own.begin():
                    reap_lapsed_leases(own, policy, 3)
                with own.begin():
                    release_due_retries(own, 3)

    def cancel() -> None:
        with engine.connect() as own:
            for job in jobs[::4]:
                try:
                    cancel_job(own, job.id)
                except JobEnded as ended:
                    assert ended.state in {JobState.COMPLETED, JobState.FAILED}

    with ThreadPoolExecutor(8) as pool:
        working = [pool.submit(work, number) for number in range(4)]
        working += [pool.submit(reap), pool.submit(reap)]
        pool.submit(cancel).result(timeout=30)
        unfinished = text("SELECT count(*) FROM jobs WHERE ended_at IS NULL")
        while conn.scalar(unfinished) and not any(task.done() for task in working):
            over.wait(0.02)
        over.set()
        for task in working:
            task.result(timeout=30)

    for job in jobs:
        _assert_unbroken(conn, job.id)
    ended = {
        row["state"]: row["jobs"]
        for row in database.rows("SELECT state, count(*) AS jobs FROM jobs GROUP BY state")
    }
    assert set(ended) <= {"completed", "failed", "cancelled"}
    assert database.counts()["results"] == ended.get("completed", 0)
    found = database.rows(
        "SELECT jobs.id FROM jobs JOIN results ON results.job_id = jobs.id"
        " WHERE jobs.state <> 'completed' OR jobs.run <> results.run"
    )
    assert found == []


def _grade(conn: Connection, held: Claim, chance: random.Random) -> None:
    try:
        runs.advance(conn, held, JobState.ANALYZING, JobStage.MEASURING, 0.1, "Measuring.")
        if chance.random() < 0.4:
            return  # the worker dies
        runs.settle(conn, held, RESULT, timedelta(seconds=1))
    except LeaseLost:
        pass


@pytest.mark.parametrize("state", ["queued", "processing", "analyzing", "grading", "retrying"])
def test_a_cancel_ends_an_unfinished_job(conn: Connection, database: Database, state: str) -> None:
    job = new_job()
    accept(conn, [job])
    if state != "queued":
        runs.claim(conn, job.id, "worker-1", LEASE)
        conn.execute(text("UPDATE jobs SET state = :state"), {"state": state})

    cancelled = cancel_job(conn, job.id)

    assert cancelled.state is JobState.CANCELLED
    assert cancelled == get_job(conn, job.id)
    assert cancelled.ended_at is not None
    _assert_unbroken(conn, job.id)
    assert database.counts()["outbox"] == 0
    [row] = database.rows("SELECT lease_expires_at, next_run_at FROM jobs")
    assert row == {"lease_expires_at": None, "next_run_at": None}
    outcomes = [row["outcome"] for row in database.rows("SELECT outcome FROM runs")]
    assert outcomes == ([] if state == "queued" else ["cancelled"])
    before = database.counts()
    assert cancel_job(conn, job.id) == cancelled
    assert database.counts() == before


@pytest.mark.parametrize("state", ["completed", "failed", "review_required"])
def test_a_cancel_leaves_an_ended_job_alone(
    conn: Connection, database: Database, state: str
) -> None:
    job = new_job()
    accept(conn, [job])
    conn.execute(text("UPDATE jobs SET state = :state"), {"state": state})
    before = database.rows("SELECT * FROM jobs"), database.counts()

    with pytest.raises(JobEnded) as ended:
        cancel_job(conn, job.id)

    assert ended.value == JobEnded(job.id, JobState(state))
    assert (database.rows("SELECT * FROM jobs"), database.counts()) == before


def test_an_overdue_job_fails_from_every_unfinished_state(
    conn: Connection, database: Database
) -> None:
    jobs = {state: new_job() for state in JobState}
    accept(conn, list(jobs.values()))
    for state, job in jobs.items():
        conn.execute(
            text(
                "UPDATE jobs SET state = :state, deadline_at = accepted_at + interval '1200 s'"
                " - interval '1 h', accepted_at = accepted_at - interval '1 h',"
                " ended_at = CASE WHEN CAST(:ended AS boolean) THEN now() END WHERE id = :id"
            ),
            {"state": state.value, "id": job.id, "ended": state in TERMINAL},
        )

    assert len(fail_overdue(conn, 100)) == 5

    for state, job in jobs.items():
        now = get_job(conn, job.id)
        if state in TERMINAL or state is JobState.REVIEW_REQUIRED:
            assert now.state is state
            continue
        assert now.state is JobState.FAILED
        assert now.failure is not None
        assert now.failure.reason == "deadline_exceeded"
        assert now.failure.message == "not graded within 1200 s"
        last = _events(conn, job.id)[-1]
        assert (last.state, last.outcome) == (JobState.FAILED, now.failure)
        assert last.sequence == now.last_sequence
    assert not fail_overdue(conn, 100)
