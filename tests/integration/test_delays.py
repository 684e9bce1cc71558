"""Waiting jobs that are delayed: flagged once, each with an event that says so."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection

from grading.domain.delay import Pace
from grading.store.acceptance import accept
from grading.store.delays import flag_far_behind, flag_long_waiting, measure_pace
from grading.store.jobs import cancel_job, get_job
from grading.store.reaping import release_due_retries
from grading.store.records import Failure, FailureReason
from grading.store.runs import claim, retry_run, settle
from grading.store.workers import report_alive
from tests.stack.postgres import Database
from tests.stack.scripted_grader import RESULT
from tests.stack.submissions import new_job

LEASE = timedelta(seconds=30)


def _accept(conn: Connection, count: int) -> list[UUID]:
    """Jobs, each accepted in a transaction of its own, in this order."""
    jobs = [new_job() for _ in range(count)]
    for job in jobs:
        accept(conn, [job])
    return [job.id for job in jobs]


def _delayed(conn: Connection, job_ids: Sequence[UUID]) -> list[bool]:
    return [get_job(conn, job_id).delayed for job_id in job_ids]


def test_the_jobs_behind_the_last_place_in_time_are_flagged_once(
    conn: Connection, database: Database
) -> None:
    job_ids = _accept(conn, 5)
    assert flag_far_behind(conn, "writing", 3, 100) == 2
    assert _delayed(conn, job_ids) == [False, False, False, True, True]
    assert flag_far_behind(conn, "writing", 3, 100) == 0

    last = get_job(conn, job_ids[4])
    assert (last.state, last.last_sequence) == ("queued", 2)
    events = database.rows("SELECT * FROM events WHERE job_id = %s ORDER BY sequence", last.id)
    assert [event["delayed"] for event in events] == [False, True]
    assert (events[1]["state"], events[1]["stage"]) == ("queued", "waiting")


def test_a_batch_takes_no_more_than_its_limit(conn: Connection) -> None:
    job_ids = _accept(conn, 5)
    assert [flag_far_behind(conn, "writing", 0, 2) for _ in range(4)] == [2, 2, 1, 0]
    assert _delayed(conn, job_ids) == [True] * 5


def test_a_job_that_waited_too_long_is_flagged(conn: Connection, database: Database) -> None:
    old, new = _accept(conn, 2)
    database.rows(
        "UPDATE outbox SET accepted_at = now() - interval '10 min' WHERE job_id = %s", old
    )
    assert flag_long_waiting(conn, "writing", timedelta(minutes=11), 100) == 0
    assert flag_long_waiting(conn, "writing", timedelta(minutes=9), 100) == 1
    assert _delayed(conn, (old, new)) == [True, False]


def test_a_job_in_other_hands_is_left_alone(conn: Connection) -> None:
    taken, cancelled, waiting = _accept(conn, 3)
    claim(conn, taken, "worker", LEASE)
    cancel_job(conn, cancelled)
    assert flag_far_behind(conn, "writing", 0, 100) == 1
    assert _delayed(conn, (taken, cancelled, waiting)) == [False, False, True]


def test_a_delayed_job_is_graded_like_any_other_and_flagged_once_over_its_retries(
    conn: Connection, database: Database
) -> None:
    [job_id] = _accept(conn, 1)
    flag_far_behind(conn, "writing", 0, 100)
    held = claim(conn, job_id, "worker", LEASE)
    assert held is not None
    retry_run(conn, held, Failure(FailureReason.TRANSIENT, "passing"), timedelta())
    assert release_due_retries(conn, 10) == 1
    assert flag_far_behind(conn, "writing", 0, 100) == 0
    # Its place is still that of its acceptance.
    assert database.rows(
        "SELECT outbox.accepted_at = jobs.accepted_at AS same FROM outbox JOIN jobs ON id = job_id"
    ) == [{"same": True}]

    held = claim(conn, job_id, "worker", LEASE)
    assert held is not None
    settle(conn, held, RESULT, timedelta(seconds=1))
    job = get_job(conn, job_id)
    assert (job.state, job.delayed) == ("completed", True)


def test_the_pace_is_that_of_the_last_jobs_on_the_slots_that_live(
    conn: Connection, database: Database
) -> None:
    report_alive(conn, "one", ["writing"], 2)
    report_alive(conn, "two", ["writing", "speaking"], 3)
    report_alive(conn, "other", ["speaking"], 5)
    report_alive(conn, "gone", ["writing"], 7)
    database.rows("UPDATE workers SET seen_at = now() - interval '1 min' WHERE name = 'gone'")
    assert measure_pace(conn, "writing") is None

    for seconds in (2, 4):
        [job_id] = _accept(conn, 1)
        held = claim(conn, job_id, "one", LEASE)
        assert held is not None
        settle(conn, held, RESULT, timedelta(seconds=1))
        database.rows(
            "UPDATE runs SET claimed_at = ended_at - make_interval(secs => %s) WHERE job_id = %s",
            seconds,
            job_id,
        )
    assert measure_pace(conn, "writing") == Pace(5, timedelta(seconds=3))
    assert measure_pace(conn, "speaking") is None
