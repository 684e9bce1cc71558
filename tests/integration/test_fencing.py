"""A run that lost its job writes nothing any more."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from grading.domain.job import JobStage, JobState
from grading.exceptions import LeaseLost
from grading.store import runs
from grading.store.acceptance import Accepted, accept
from grading.store.jobs import cancel_job, get_job, get_result
from grading.store.records import Claim, Failure, FailureReason
from tests.stack.postgres import Database
from tests.stack.scripted_grader import RESULT
from tests.stack.submissions import new_job

LEASE = timedelta(seconds=30)


def _renew(conn: Connection, held: Claim) -> None:
    runs.renew(conn, held, LEASE)


def _advance(conn: Connection, held: Claim) -> None:
    runs.advance(conn, held, JobState.ANALYZING, JobStage.MEASURING, 0.5, "Measuring.")


def _settle(conn: Connection, held: Claim) -> None:
    runs.settle(conn, held, RESULT, timedelta(seconds=1))


def _fail(conn: Connection, held: Claim) -> None:
    runs.fail(conn, held, Failure(FailureReason.GRADER_FAILED, "broken"))


WRITES = pytest.mark.parametrize("write", [_renew, _advance, _settle, _fail])

Write = Callable[[Connection, Claim], None]


def _claimed(conn: Connection) -> Claim:
    accepted = accept(conn, [new_job()])[0]
    assert isinstance(accepted, Accepted)
    held = runs.claim(conn, accepted.job.id, "worker-1", LEASE)
    assert held is not None
    return held


def _claimed_again(conn: Connection, held: Claim) -> Claim:
    """Let the lease lapse and another worker take the job."""
    conn.execute(text("UPDATE jobs SET state = 'retrying', lease_expires_at = NULL"))
    newer = runs.claim(conn, held.job_id, "worker-2", LEASE)
    assert newer is not None
    assert newer.run == held.run + 1
    return newer


def _everything(database: Database) -> dict[str, list[dict[str, object]]]:
    return {
        table: database.rows(f"SELECT * FROM {table} ORDER BY 1, 2")  # noqa: S608
        for table in ("jobs", "events", "runs", "results", "outbox")
    }


@WRITES
def test_a_run_that_was_overtaken_writes_nothing(
    conn: Connection, database: Database, write: Write
) -> None:
    held = _claimed(conn)
    newer = _claimed_again(conn, held)
    before = _everything(database)

    with pytest.raises(LeaseLost) as lost:
        write(conn, held)

    assert (lost.value.job_id, lost.value.run) == (held.job_id, held.run)
    assert _everything(database) == before
    write(conn, newer)


@WRITES
def test_a_run_to_come_writes_nothing(conn: Connection, database: Database, write: Write) -> None:
    held = _claimed(conn)
    before = _everything(database)

    with pytest.raises(LeaseLost):
        write(conn, replace(held, run=held.run + 1))

    assert _everything(database) == before


@WRITES
@pytest.mark.parametrize("state", ["queued", "retrying", "completed", "failed", "cancelled"])
def test_a_job_that_is_not_running_takes_no_writes(
    conn: Connection, database: Database, write: Write, state: str
) -> None:
    held = _claimed(conn)
    conn.execute(text("UPDATE jobs SET state = :state"), {"state": state})
    before = _everything(database)

    with pytest.raises(LeaseLost):
        write(conn, held)

    assert _everything(database) == before


@WRITES
def test_a_write_touches_no_other_job(conn: Connection, database: Database, write: Write) -> None:
    bystander, held = _claimed(conn), _claimed(conn)
    before = get_job(conn, bystander.job_id)

    write(conn, held)

    assert get_job(conn, bystander.job_id) == before


@WRITES
def test_a_cancel_takes_the_job_away(conn: Connection, database: Database, write: Write) -> None:
    held = _claimed(conn)
    cancel_job(conn, held.job_id)
    before = _everything(database)

    with pytest.raises(LeaseLost):
        write(conn, held)

    assert _everything(database) == before
    assert get_job(conn, held.job_id).state is JobState.CANCELLED


@pytest.mark.parametrize("end", [_settle, _fail])
@pytest.mark.parametrize("again", [_settle, _fail])
def test_a_job_ends_once(conn: Connection, database: Database, end: Write, again: Write) -> None:
    held = _claimed(conn)
    end(conn, held)
    before = _everything(database)

    with pytest.raises(LeaseLost):
        again(conn, held)

    assert _everything(database) == before


def test_settling_writes_result_state_and_event_together(
    conn: Connection, database: Database
) -> None:
    held = _claimed(conn)
    _settle(conn, held)

    job = get_job(conn, held.job_id)
    assert (job.state, job.progress, job.run) == (JobState.COMPLETED, 1, 1)
    assert job.ended_at is not None
    stored = get_result(conn, held.job_id)
    assert (stored.result, stored.run) == (RESULT, 1)
    last = database.rows("SELECT * FROM events ORDER BY sequence DESC LIMIT 1")[0]
    assert (last["sequence"], last["state"]) == (job.last_sequence, "completed")
    assert last["outcome"] == {
        "score": 6.5, "band": "b2", "caps": [], "flags": [], "confidence": 95,
        "not_assessable": None, "message": "",
    }  # fmt: skip
    assert database.rows("SELECT outcome FROM runs") == [{"outcome": "completed"}]


def test_a_grading_that_took_no_time_is_stored(conn: Connection) -> None:
    held = _claimed(conn)
    runs.settle(conn, held, RESULT, timedelta(microseconds=42))
    assert get_result(conn, held.job_id).grading_duration == timedelta(microseconds=42)


def test_a_second_result_is_impossible_even_past_the_fence(
    conn: Connection, database: Database
) -> None:
    held = _claimed(conn)
    _settle(conn, held)
    conn.execute(text("UPDATE jobs SET state = 'grading', ended_at = NULL"))
    before = _everything(database)

    with pytest.raises(Exception, match="results_pkey"):
        _settle(conn, held)

    assert _everything(database) == before


def test_a_renewal_holds_the_job_for_the_lease_from_now(
    conn: Connection, database: Database
) -> None:
    held = _claimed(conn)
    conn.execute(text("UPDATE jobs SET lease_expires_at = now() - interval '1 hour'"))
    _renew(conn, held)

    left = database.rows("SELECT lease_expires_at - now() AS left FROM jobs")[0]["left"]
    assert LEASE - timedelta(seconds=5) < left <= LEASE
