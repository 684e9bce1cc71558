"""The journal: what the runs of a process write together, and what they don't do to each other."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from grading.domain.job import JobStage, JobState
from grading.exceptions import LeaseLost
from grading.store.acceptance import accept
from grading.store.jobs import cancel_job, get_job
from grading.store.run_writes import Graded, Report, graded_end
from grading.store.schema import migrate
from tests.stack.postgres import Database, private_postgres
from tests.stack.scripted_grader import RESULT
from tests.stack.submissions import new_job
from tests.stack.waiting import until
from workers.hold import Hold
from workers.journal import Journal

LEASE = timedelta(seconds=3)
END = graded_end(Graded(RESULT, timedelta(seconds=1)))


@pytest.fixture
def journal(database: Database) -> Iterator[Journal]:
    """A journal as a worker's process has it."""
    made = Journal(database.make_engine(pool_size=1), LEASE)
    yield made
    made.close()


def _accepted(conn: Connection, count: int) -> list[UUID]:
    jobs = [new_job() for _ in range(count)]
    accept(conn, jobs)
    return [job.id for job in jobs]


def _claim(journal: Journal, job_id: UUID) -> Hold:
    hold = journal.claim(job_id, "worker")
    assert hold is not None
    return hold


def _measuring(progress: float, message: str = "Measuring.") -> Report:
    return Report(JobState.ANALYZING, JobStage.MEASURING, progress, message)


def test_many_runs_at_once_each_write_their_own(
    journal: Journal, conn: Connection, database: Database
) -> None:
    job_ids = _accepted(conn, 40)

    def run(job_id: UUID) -> bool:
        hold = journal.claim(job_id, "worker")
        if hold is None:
            return False
        for step in range(5):
            hold.report(_measuring(step / 10, f"Step {step}."))
        hold.end(END)
        journal.forget(hold)
        return True

    with ThreadPoolExecutor(20) as pool:
        # Each job has two messages; one of the two gets it.
        assert sum(pool.map(run, [*job_ids, *job_ids])) == 40
    assert {get_job(conn, job_id).state for job_id in job_ids} == {JobState.COMPLETED}
    logs = database.rows(
        "SELECT array_agg(sequence ORDER BY sequence) AS sequences,"
        " array_agg(message ORDER BY sequence) AS messages FROM events GROUP BY job_id"
    )
    assert len(logs) == 40
    for log in logs:
        assert log["sequences"] == list(range(1, 9))
        assert log["messages"][2:] == [*(f"Step {step}." for step in range(5)), "Graded."]


def test_the_reports_of_a_quick_run_travel_with_its_end(
    journal: Journal, conn: Connection, database: Database
) -> None:
    [job_id] = _accepted(conn, 1)
    hold = _claim(journal, job_id)
    hold.report(_measuring(0.1))
    hold.report(_measuring(0.5))
    hold.end(END)
    # now() is the moment at which a transaction began.
    [row] = database.rows(
        "SELECT count(DISTINCT created_at) AS moments FROM events WHERE sequence >= 3"
    )
    assert row["moments"] == 1


def test_what_is_said_again_is_written_once(journal: Journal, conn: Connection) -> None:
    [job_id] = _accepted(conn, 1)
    hold = _claim(journal, job_id)
    for _ in range(3):
        hold.report(_measuring(0.1))
    until(lambda: get_job(conn, job_id).progress == 0.1, seconds=5)
    hold.report(_measuring(0.1))
    hold.end(END)
    assert get_job(conn, job_id).last_sequence == 4


def test_a_report_is_seen_while_its_run_goes_on(journal: Journal, conn: Connection) -> None:
    [job_id] = _accepted(conn, 1)
    hold = _claim(journal, job_id)
    hold.report(_measuring(0.3))
    until(lambda: get_job(conn, job_id).progress == 0.3, seconds=5)
    hold.end(END)


def test_leases_are_renewed_while_graders_are_silent(journal: Journal, conn: Connection) -> None:
    job_ids = _accepted(conn, 3)
    holds = [_claim(journal, job_id) for job_id in job_ids]
    time.sleep(1.5 * LEASE.total_seconds())
    for hold in holds:
        hold.check()
        hold.end(END)


def test_a_run_hears_that_its_job_was_cancelled(journal: Journal, conn: Connection) -> None:
    cancelled, other = (_claim(journal, job_id) for job_id in _accepted(conn, 2))
    cancel_job(conn, cancelled.claim.job_id)

    def lost() -> bool:
        try:
            cancelled.check()
        except LeaseLost:
            return True
        return False

    until(lost, seconds=LEASE.total_seconds())
    with pytest.raises(LeaseLost):
        cancelled.end(END)
    other.end(END)


def test_what_postgresql_refuses_touches_no_other_run(journal: Journal, conn: Connection) -> None:
    bad, good = (_claim(journal, job_id) for job_id in _accepted(conn, 2))
    # No text column takes a NUL.
    bad.report(_measuring(0.1, "\0"))
    good.report(_measuring(0.1))
    good.end(END)
    assert get_job(conn, good.claim.job_id).state is JobState.COMPLETED
    assert get_job(conn, good.claim.job_id).last_sequence == 4
    # By now it is too late to hide that an event is missing.
    with pytest.raises((DBAPIError, LeaseLost)):
        bad.end(END)
    assert get_job(conn, bad.claim.job_id).state is JobState.PROCESSING


def test_what_can_not_even_be_sent_touches_no_other_run(journal: Journal, conn: Connection) -> None:
    bad, good = (_claim(journal, job_id) for job_id in _accepted(conn, 2))
    half_a_sign = replace(RESULT, provenance=replace(RESULT.provenance, grader="\ud800"))
    busy, done = threading.Event(), threading.Event()

    def keep_busy(_: Connection) -> None:
        busy.set()
        done.wait(10)

    with ThreadPoolExecutor(2) as pool:
        journal.submit(keep_busy)
        assert busy.wait(10)
        refused = pool.submit(bad.end, graded_end(Graded(half_a_sign, timedelta(seconds=1))))
        well = pool.submit(good.end, END)
        failing = journal.submit(lambda _: 1 // 0)
        called = journal.submit(lambda _: "called")
        # All of them are for one turn.
        until(lambda: len(journal._requests.ends) == 2)
        done.set()
        well.result(10)
        assert called.result(10) == "called"
        with pytest.raises(ValueError, match="surrogates"):
            refused.result(10)
        with pytest.raises(ZeroDivisionError):
            failing.result(10)
    assert get_job(conn, good.claim.job_id).state is JobState.COMPLETED


def test_a_database_that_is_away_for_a_moment_costs_no_grading() -> None:
    with private_postgres() as postgres:
        database = Database(postgres.url)
        engine = database.make_engine(pool_size=1)
        migrate(engine)
        journal = Journal(database.make_engine(pool_size=1), timedelta(seconds=30))
        with engine.connect() as conn:
            [job_id] = _accepted(conn, 1)
        hold = _claim(journal, job_id)
        hold.report(_measuring(0.5))
        engine.dispose()
        postgres.kill()
        with ThreadPoolExecutor(1) as pool:
            ended = pool.submit(hold.end, END)
            postgres.start()
            ended.result(timeout=20)
        with engine.connect() as conn:
            job = get_job(conn, job_id)
        assert (job.state, job.last_sequence, job.run) == (JobState.COMPLETED, 4, 1)
        journal.close()
        engine.dispose()
