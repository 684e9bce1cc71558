"""Runs that don't settle: retried, given back, too late."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from grading.domain.retry import RetryPolicy
from grading.domain.review import ReviewMode, ReviewPolicy
from grading.domain.work import WritingWork
from grading.exceptions import LeaseLost, ResultNotAvailable, TransientFault
from grading.store.acceptance import accept
from grading.store.jobs import cancel_job, get_job, get_result
from grading.store.reaping import fail_overdue, release_due_retries
from grading.store.records import Claim, Failure, FailureReason, NewJob
from grading.store.runs import claim, keep_late_result, release_run, retry_run, settle
from tests.stack.postgres import Database
from tests.stack.scripted_grader import RESULT, ScriptedGrader
from tests.stack.submissions import new_job
from workers.grader import Run
from workers.journal import Journal
from workers.runner import Runner

LEASE = timedelta(seconds=30)
REVIEW = ReviewPolicy(ReviewMode.ADVISORY, 0.0)
POLICY = RetryPolicy(max_retries=2, backoff_cap=timedelta(seconds=300))
FAULT = Failure(FailureReason.TRANSIENT, "the provider was busy")


def _accepted(conn: Connection, text: str = "An answer.") -> NewJob:
    job = new_job(text=text)
    accept(conn, [job])
    return job


def _claimed(conn: Connection) -> Claim:
    held = claim(conn, _accepted(conn).id, "worker-1", LEASE)
    assert held is not None
    return held


def _due(conn: Connection) -> None:
    conn.execute(text("UPDATE jobs SET next_run_at = now() WHERE next_run_at IS NOT NULL"))


def _never() -> bool:
    return False


@pytest.fixture
def journal(database: Database) -> Iterator[Journal]:
    """A journal as a worker's process has it."""
    made = Journal(database.make_engine(pool_size=1), LEASE)
    yield made
    made.close()


def _runner(journal: Journal, grader: Any, stopping: Callable[[], bool] = _never) -> Runner:
    return Runner(journal, grader, POLICY, REVIEW, stopping)


def test_a_retry_waits_in_the_job_and_is_taken_again(conn: Connection, database: Database) -> None:
    held = _claimed(conn)
    retry_run(conn, held, FAULT, timedelta(seconds=7))
    [job] = database.rows("SELECT *, next_run_at - updated_at AS wait FROM jobs")
    assert (job["state"], job["retries"], job["lease_expires_at"]) == ("retrying", 1, None)
    assert job["wait"] == timedelta(seconds=7)
    [run] = database.rows("SELECT * FROM runs")
    assert (run["outcome"], run["error_reason"], run["error_message"]) == (
        "failed",
        "transient",
        "the provider was busy",
    )
    assert claim(conn, held.job_id, "worker-2", LEASE) is None
    assert release_due_retries(conn, 100) == 0
    _due(conn)
    assert release_due_retries(conn, 100) == 1
    again = claim(conn, held.job_id, "worker-2", LEASE)
    assert again is not None
    assert (again.run, again.retries) == (2, 1)
    with pytest.raises(LeaseLost):
        retry_run(conn, held, FAULT, timedelta())


def test_what_is_given_back_uses_up_no_retry(conn: Connection) -> None:
    held = _claimed(conn)
    release_run(conn, held)
    assert release_due_retries(conn, 100) == 1
    assert get_job(conn, held.job_id).retries == 0
    again = claim(conn, held.job_id, "worker-2", LEASE)
    assert again is not None
    assert again.run == 2


def test_a_cancelled_job_is_neither_retried_nor_given_back(conn: Connection) -> None:
    held = _claimed(conn)
    cancel_job(conn, held.job_id)
    with pytest.raises(LeaseLost):
        retry_run(conn, held, FAULT, timedelta())
    with pytest.raises(LeaseLost):
        release_run(conn, held)


def test_a_result_after_the_deadline_is_kept_once_and_not_shown(
    conn: Connection, database: Database
) -> None:
    held = _claimed(conn)
    assert not keep_late_result(conn, held, RESULT, timedelta(seconds=1))
    conn.execute(text("UPDATE jobs SET deadline_at = now()"))
    assert len(fail_overdue(conn, 100)) == 1
    with pytest.raises(LeaseLost):
        settle(conn, held, RESULT, timedelta(seconds=1))
    assert keep_late_result(conn, held, RESULT, timedelta(seconds=1))
    assert not keep_late_result(conn, held, RESULT, timedelta(seconds=1))
    [job] = database.rows("SELECT state, late FROM jobs")
    assert job == {"state": "failed", "late": True}
    with pytest.raises(ResultNotAvailable):
        get_result(conn, held.job_id)


class _Faulty:
    """Meets a passing fault in every run."""

    def __init__(self, retry_after: float | None = None) -> None:
        self._retry_after = retry_after

    def grade(self, work: WritingWork, run: Run) -> Any:
        del work, run
        raise TransientFault("the provider was busy", self._retry_after)


def test_passing_faults_are_retried_until_the_retries_are_used_up(
    journal: Journal, conn: Connection, database: Database
) -> None:
    job = _accepted(conn)
    runner = _runner(journal, _Faulty())
    for retry in (1, 2):
        runner.run(job.id, "worker-1")
        [row] = database.rows("SELECT *, next_run_at - updated_at AS wait FROM jobs")
        assert (row["state"], row["retries"]) == ("retrying", retry)
        assert 0.8 * 2**retry <= row["wait"].total_seconds() <= 1.2 * 2**retry
        _due(conn)
        assert release_due_retries(conn, 100) == 1
    runner.run(job.id, "worker-1")
    ended = get_job(conn, job.id)
    assert ended.failure is not None
    assert ended.failure.reason is FailureReason.RETRIES_EXHAUSTED
    runs = database.rows("SELECT run, outcome FROM runs ORDER BY run")
    assert [(run["run"], run["outcome"]) for run in runs] == [
        (1, "failed"),
        (2, "failed"),
        (3, "failed"),
    ]


@pytest.mark.parametrize(("asked", "waited"), [(17.0, 17), (9000.0, 300)])
def test_a_provider_is_left_alone_as_long_as_it_asked_up_to_the_cap(
    journal: Journal, conn: Connection, database: Database, asked: float, waited: int
) -> None:
    _runner(journal, _Faulty(asked)).run(_accepted(conn).id, "worker-1")
    [row] = database.rows("SELECT next_run_at - updated_at AS wait FROM jobs")
    assert row["wait"] == timedelta(seconds=waited)


def test_a_worker_that_shuts_down_gives_the_job_back(
    journal: Journal, conn: Connection, database: Database
) -> None:
    job = _accepted(conn)
    _runner(journal, ScriptedGrader(), stopping=lambda: True).run(job.id, "worker-1")
    [row] = database.rows("SELECT state, retries, next_run_at <= now() AS due FROM jobs")
    assert row == {"state": "retrying", "retries": 0, "due": True}
    [run] = database.rows("SELECT outcome FROM runs")
    assert run["outcome"] == "released"
