"""Calls that race for one job: some order of them explains how it ends."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from grading.domain.job import CLAIMABLE, JobStage, JobState
from grading.domain.retry import RetryPolicy
from grading.exceptions import JobEnded, LeaseLost
from grading.store import runs
from grading.store.acceptance import accept
from grading.store.delays import flag_long_waiting
from grading.store.jobs import cancel_job
from grading.store.outbox import mark_sent, take_unsent, unsend_lost
from grading.store.reaping import fail_overdue, reap_lapsed_leases, release_due_retries
from grading.store.records import Claim, Failure, FailureReason
from grading.store.runs import keep_late_result, release_run, retry_run
from tests.stack.history import check_history, stored_jobs
from tests.stack.scripted_grader import RESULT
from tests.stack.submissions import new_job

LEASE = timedelta(seconds=30)
SECOND = timedelta(seconds=1)
POLICY = RetryPolicy(max_retries=1, backoff_cap=timedelta())
FAULT = Failure(FailureReason.TRANSIENT, "the provider was busy")

#: Tells whether the call had an effect.
Call = Callable[[Connection, Claim], object]


def _settle(conn: Connection, held: Claim) -> bool:
    runs.settle(conn, held, RESULT, SECOND)
    return True


def _fail(conn: Connection, held: Claim) -> bool:
    runs.fail(conn, held, Failure(FailureReason.GRADER_FAILED, "broken"))
    return True


def _cancel(conn: Connection, held: Claim) -> bool:
    cancel_job(conn, held.job_id)
    return True


def _take_over(conn: Connection, held: Claim) -> bool:
    newer = runs.claim(conn, held.job_id, "worker-2", LEASE)
    if newer is None:
        return False
    for state in (JobState.ANALYZING, JobState.GRADING):
        runs.advance(conn, newer, state, JobStage.MEASURING, 0.5, "On.")
    return _settle(conn, newer)


#: The calls that end a job, and how.
ENDS: dict[str, tuple[Call, JobState]] = {
    "settle": (_settle, JobState.COMPLETED),
    "take_over": (_take_over, JobState.COMPLETED),
    "fail": (_fail, JobState.FAILED),
    "fail_overdue": (lambda conn, _: fail_overdue(conn, 10), JobState.FAILED),
    "cancel": (_cancel, JobState.CANCELLED),
}
OTHERS: dict[str, Call] = {
    "renew": lambda conn, held: runs.renew(conn, held, LEASE),
    "retry": lambda conn, held: retry_run(conn, held, FAULT, timedelta()),
    "release": lambda conn, held: release_run(conn, held),
    "reap": lambda conn, _: reap_lapsed_leases(conn, POLICY, 10),
    "release_due_retries": lambda conn, _: release_due_retries(conn, 10),
    "keep_late_result": lambda conn, held: keep_late_result(conn, held, RESULT, SECOND),
    "flag": lambda conn, _: flag_long_waiting(conn, "writing", -SECOND, 10),
}
CALLS: dict[str, Call] = {name: call for name, (call, _) in ENDS.items()} | OTHERS


def _held(conn: Connection, changes: list[str]) -> Claim:
    """A job in a worker's hands, about to be settled."""
    job = new_job()
    accept(conn, [job])
    held = runs.claim(conn, job.id, "worker-1", LEASE)
    assert held is not None
    for state in (JobState.ANALYZING, JobState.GRADING):
        runs.advance(conn, held, state, JobStage.MEASURING, 0.5, "On.")
    for change in changes:
        conn.execute(text(f"UPDATE jobs SET {change} - interval '1 s'"))  # noqa: S608
    return held


def _race(engine: Engine, held: Claim, names: list[str]) -> list[str]:
    """Make the calls at once; tells which of them had an effect."""
    barrier = threading.Barrier(len(names))

    def run(name: str) -> bool:
        with engine.connect() as conn:
            barrier.wait(10)
            try:
                if name == "reap":
                    with engine.execution_options(isolation_level="READ COMMITTED").begin() as one:
                        return bool(CALLS[name](one, held))
                return bool(CALLS[name](conn, held))
            except (LeaseLost, JobEnded):
                return False

    with ThreadPoolExecutor(len(names)) as pool:
        return [name for name, done in zip(names, pool.map(run, names), strict=True) if done]


@settings(
    max_examples=100,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    names=st.lists(st.sampled_from(sorted(CALLS)), min_size=2, max_size=7),
    changes=st.lists(
        st.sampled_from(["lease_expires_at = now()", "deadline_at = now()"]), unique=True
    ),
)
def test_a_race_ends_as_some_order_of_its_calls_does(
    engine: Engine, names: list[str], changes: list[str]
) -> None:
    with engine.connect() as conn:
        conn.execute(text("DELETE FROM jobs"))
        conn.execute(text("DELETE FROM outbox"))
        held = _held(conn, changes)
        done = _race(engine, held, names)

        # A row that a release left behind goes when its message was lost.
        mark_sent(conn, take_unsent(conn, "writing", 10))
        conn.execute(text("UPDATE outbox SET sent_at = sent_at - interval '1 h'"))
        unsend_lost(conn, LEASE, 10)
        job = stored_jobs(conn)[held.job_id]

    check_history(job)
    ended = {ENDS[name][1] for name in done if name in ENDS}
    assert ended == ({JobState(job["state"])} if job["ended_at"] else set())
    assert sum(name in ("settle", "take_over", "fail") for name in done) <= 1
    waits = job["state"] in CLAIMABLE
    assert waits or not job["in_outbox"]
    assert job["in_outbox"] or not waits or job["next_run_at"] is not None
