"""The reaper: lapsed leases, due retries, passed deadlines, lost messages."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from grading.domain.job import JobState
from grading.domain.retry import RetryPolicy
from grading.store.acceptance import accept
from grading.store.jobs import cancel_job, get_job
from grading.store.outbox import mark_sent, take_unsent, unsend_lost
from grading.store.reaping import fail_overdue, reap_lapsed_leases, release_due_retries
from grading.store.records import Failure, FailureReason, NewJob
from grading.store.runs import claim
from tests.stack.postgres import Database
from tests.stack.submissions import new_job

LEASE = timedelta(seconds=30)
POLICY = RetryPolicy(max_retries=3, backoff_cap=timedelta(seconds=300))


def _reap(engine: Engine, policy: RetryPolicy = POLICY, limit: int = 100) -> int:
    with engine.execution_options(isolation_level="READ COMMITTED").begin() as conn:
        return len(reap_lapsed_leases(conn, policy, limit))


def _claimed(conn: Connection) -> NewJob:
    job = new_job()
    accept(conn, [job])
    assert claim(conn, job.id, "worker-1", LEASE) is not None
    return job


def _lapse(conn: Connection) -> None:
    conn.execute(text("UPDATE jobs SET lease_expires_at = now() - interval '1 ms'"))


def _fall_due(conn: Connection) -> None:
    conn.execute(text("UPDATE jobs SET next_run_at = now() - interval '1 ms'"))


def test_a_lease_that_holds_is_left_alone(engine: Engine, conn: Connection) -> None:
    job = _claimed(conn)
    assert _reap(engine) == 0
    assert get_job(conn, job.id).state is JobState.PROCESSING


def test_a_lost_job_is_retried_with_growing_waits_and_then_fails(
    engine: Engine, conn: Connection, database: Database
) -> None:
    job = _claimed(conn)
    for retry in range(1, POLICY.max_retries + 1):
        _lapse(conn)
        assert _reap(engine) == 1
        [row] = database.rows("SELECT *, next_run_at - updated_at AS wait FROM jobs")
        assert (row["state"], row["retries"], row["run"]) == ("retrying", retry, retry)
        assert row["lease_expires_at"] is None
        seconds = row["wait"].total_seconds()
        assert 0.8 * 2**retry <= seconds <= 1.2 * 2**retry
        assert database.rows("SELECT outcome, error_reason FROM runs WHERE run = %s", retry) == [
            {"outcome": "lost", "error_reason": "worker_lost"}
        ]

        assert release_due_retries(conn, 100) == 0
        assert claim(conn, job.id, "worker-2", LEASE) is None
        _fall_due(conn)
        assert release_due_retries(conn, 100) == 1
        assert release_due_retries(conn, 100) == 0
        assert database.rows("SELECT job_id, queue, sent_at, sends FROM outbox") == [
            {"job_id": job.id, "queue": "writing", "sent_at": None, "sends": 0}
        ]
        held = claim(conn, job.id, "worker-2", LEASE)
        assert held is not None
        assert held.run == retry + 1

    _lapse(conn)
    assert _reap(engine) == 1
    failed = get_job(conn, job.id)
    assert failed.state is JobState.FAILED
    assert failed.failure == Failure(
        FailureReason.RETRIES_EXHAUSTED, "the worker was lost, and 3 retries were made before"
    )
    assert failed.ended_at is not None
    last = database.rows("SELECT * FROM events ORDER BY sequence DESC LIMIT 1")[0]
    assert (last["state"], last["sequence"]) == ("failed", failed.last_sequence)
    assert last["outcome"]["reason"] == "retries_exhausted"
    _lapse(conn)
    sequences = [row["sequence"] for row in database.rows("SELECT sequence FROM events ORDER BY 1")]
    assert sequences == list(range(1, failed.last_sequence + 1))


def test_waits_are_capped(engine: Engine, conn: Connection, database: Database) -> None:
    for _ in range(20):
        _claimed(conn)
    conn.execute(text("UPDATE jobs SET retries = 9"))
    _lapse(conn)
    assert _reap(engine, RetryPolicy(20, timedelta(seconds=10))) == 20
    waits = [
        row["wait"].total_seconds()
        for row in database.rows("SELECT next_run_at - updated_at AS wait FROM jobs")
    ]
    assert all(8 <= wait <= 12 for wait in waits)
    assert len(set(waits)) > 10  # they don't come back together


def test_a_limit_takes_the_longest_lapsed_first(engine: Engine, conn: Connection) -> None:
    jobs = [_claimed(conn) for _ in range(3)]
    for age, job in enumerate(jobs):
        conn.execute(
            text("UPDATE jobs SET lease_expires_at = now() - :age WHERE id = :id"),
            {"age": timedelta(seconds=age + 1), "id": job.id},
        )
    assert _reap(engine, limit=1) == 1
    states = [get_job(conn, job.id).state for job in jobs]
    assert states == [JobState.PROCESSING, JobState.PROCESSING, JobState.RETRYING]


def _reap_within(conn: Connection) -> int:
    return len(reap_lapsed_leases(conn, POLICY, 7))


def _release_within(conn: Connection) -> int:
    return release_due_retries(conn, 7)


def _fail_within(conn: Connection) -> int:
    return len(fail_overdue(conn, 7))


def _unsend_within(conn: Connection) -> int:
    return unsend_lost(conn, timedelta(seconds=1), 7)


@pytest.mark.parametrize(
    ("reap", "prepare", "moved"),
    [
        (_reap_within, "lease_expires_at = now() - interval '1 s'", "retries = 1"),
        (_release_within, "state = 'retrying', next_run_at = now()", "next_run_at IS NULL"),
        (_fail_within, "deadline_at = now()", "state = 'failed' AND last_sequence = 3"),
    ],
)
def test_two_reapers_move_each_row_once(
    engine: Engine,
    conn: Connection,
    database: Database,
    reap: Callable[[Connection], int],
    prepare: str,
    moved: str,
) -> None:
    total = 60
    for _ in range(total):
        _claimed(conn)
    conn.execute(text(f"UPDATE jobs SET {prepare}"))  # noqa: S608
    assert _moved_by_two(engine, reap) == total
    [row] = database.rows(f"SELECT count(*) FROM jobs WHERE {moved}")  # noqa: S608
    assert row["count"] == total


def test_two_reapers_send_each_lost_message_once(
    engine: Engine, conn: Connection, database: Database
) -> None:
    accept(conn, [new_job() for _ in range(60)])
    mark_sent(conn, take_unsent(conn, "writing", 100))
    conn.execute(text("UPDATE outbox SET sent_at = now() - interval '1 h'"))
    assert _moved_by_two(engine, _unsend_within) == 60
    assert database.rows("SELECT DISTINCT sent_at FROM outbox") == [{"sent_at": None}]


def _moved_by_two(engine: Engine, reap: Callable[[Connection], int]) -> int:
    barrier = threading.Barrier(2)

    def run() -> int:
        total, idle = 0, 0
        barrier.wait()
        while idle < 3:
            with engine.execution_options(isolation_level="READ COMMITTED").begin() as conn:
                count = reap(conn)
            total += count
            idle = 0 if count else idle + 1
        return total

    with ThreadPoolExecutor(2) as pool:
        return sum(task.result() for task in [pool.submit(run), pool.submit(run)])


def test_a_row_that_another_reaper_holds_is_passed_over(engine: Engine, conn: Connection) -> None:
    _claimed(conn)
    _lapse(conn)
    with engine.execution_options(isolation_level="READ COMMITTED").begin() as other:
        assert len(reap_lapsed_leases(other, POLICY, 100)) == 1
        assert _reap(engine) == 0


def test_a_lost_message_is_sent_again_each_time_after_twice_the_time(
    conn: Connection, database: Database
) -> None:
    after = timedelta(seconds=60)
    accept(conn, [new_job()])
    for sends, seconds in ((1, 60), (2, 120), (3, 240)):
        mark_sent(conn, take_unsent(conn, "writing", 10))
        assert database.rows("SELECT sends FROM outbox") == [{"sends": sends}]
        age = text("UPDATE outbox SET sent_at = now() - :age")
        conn.execute(age, {"age": timedelta(seconds=seconds - 5)})
        assert unsend_lost(conn, after, 10) == 0
        conn.execute(age, {"age": timedelta(seconds=seconds + 5)})
        assert unsend_lost(conn, after, 10) == 1
        assert unsend_lost(conn, after, 10) == 0
        assert len(take_unsent(conn, "writing", 10)) == 1


@pytest.mark.parametrize("overtaken_by", ["claim", "cancel"])
def test_a_retry_released_and_taken_at_the_same_time_is_not_sent_for_ever(
    engine: Engine, conn: Connection, database: Database, overtaken_by: str
) -> None:
    """The taker's statement began before the outbox row was there, and can't remove it."""
    job = _claimed(conn)
    _lapse(conn)
    _reap(engine)
    _fall_due(conn)

    def take() -> bool:
        with engine.connect() as own:
            if overtaken_by == "cancel":
                return cancel_job(own, job.id).state is JobState.CANCELLED
            return claim(own, job.id, "worker-2", LEASE) is not None

    with ThreadPoolExecutor(1) as pool:
        with engine.execution_options(isolation_level="READ COMMITTED").begin() as reaper:
            assert release_due_retries(reaper, 10) == 1
            taken = pool.submit(take)
            with pytest.raises(TimeoutError):
                taken.result(timeout=0.3)
        assert taken.result(timeout=5)

    mark_sent(conn, take_unsent(conn, "writing", 10))
    conn.execute(text("UPDATE outbox SET sent_at = sent_at - interval '1 h'"))
    unsend_lost(conn, timedelta(seconds=60), 10)
    assert database.counts()["outbox"] == 0
