"""Erasing a job, and purging what has outlived its retention."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Connection, text

from grading.domain.job import JobStage, JobState
from grading.exceptions import JobNotFound, LeaseLost
from grading.store.acceptance import accept
from grading.store.erasure import erase_job, find_erased
from grading.store.jobs import cancel_job, get_job
from grading.store.records import Claim
from grading.store.retention import purge_answers, purge_events
from grading.store.runs import advance, claim, settle
from tests.stack.postgres import Database
from tests.stack.scripted_grader import RESULT
from tests.stack.submissions import new_job

LEASE = timedelta(seconds=30)
SECRET = "a sentence that must not survive"

_COLUMNS = """
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = 'public'
"""


def _claimed(conn: Connection) -> Claim:
    job = new_job(text=f"It holds {SECRET}.")
    accept(conn, [job])
    held = claim(conn, job.id, "worker-1", LEASE)
    assert held is not None
    return held


def _places_of(database: Database, wanted: str) -> list[str]:
    """Every column of every table that holds ``wanted`` anywhere."""
    return [
        f"{column['table_name']}.{column['column_name']}"
        for column in database.rows(_COLUMNS)
        # The names come from the catalogue.
        if database.rows(
            f'SELECT 1 FROM "{column["table_name"]}"'  # noqa: S608
            f' WHERE "{column["column_name"]}"::text LIKE %s LIMIT 1',
            f"%{wanted}%",
        )
    ]


def test_nothing_of_the_answer_is_left(conn: Connection, database: Database) -> None:
    held = _claimed(conn)
    advance(conn, held, JobState.GRADING, JobStage.SCORING, 0.9, "Scoring.")
    settle(conn, held, RESULT, timedelta(seconds=1))
    assert _places_of(database, SECRET) == ["answers.text"]
    erased_at = erase_job(conn, held.job_id)
    assert _places_of(database, SECRET) == []
    assert set(database.counts().values()) == {0}
    assert _places_of(database, str(held.job_id)) == ["deletions.job_id"]
    with pytest.raises(JobNotFound):
        get_job(conn, held.job_id)
    assert erase_job(conn, held.job_id) == erased_at


def test_a_worker_that_holds_the_job_finds_it_gone(conn: Connection, database: Database) -> None:
    held = _claimed(conn)
    other = _claimed(conn)
    erase_job(conn, held.job_id)
    assert list(find_erased(conn, [held.job_id, other.job_id])) == [held.job_id]
    with pytest.raises(LeaseLost):
        settle(conn, held, RESULT, timedelta(seconds=1))
    assert database.counts()["results"] == 0


def test_what_never_was_cannot_be_erased(conn: Connection) -> None:
    with pytest.raises(JobNotFound):
        erase_job(conn, uuid4())


def test_only_what_ended_long_ago_is_purged_a_batch_at_a_time(
    conn: Connection, database: Database
) -> None:
    ended = [_claimed(conn) for _ in range(4)]
    running = _claimed(conn)
    for held in ended:
        cancel_job(conn, held.job_id)
    age = timedelta(minutes=30)
    assert purge_events(conn, age, 1000) == 0
    assert purge_answers(conn, age, 1000) == 0
    conn.execute(text("UPDATE jobs SET ended_at = ended_at - interval '1 h'"))
    assert [purge_events(conn, age, 3) for _ in range(3)] == [3, 1, 0]
    assert [purge_answers(conn, age, 2) for _ in range(3)] == [2, 2, 0]
    left = database.rows("SELECT DISTINCT job_id FROM events")
    assert [row["job_id"] for row in left] == [running.job_id]
    assert database.counts()["jobs"] == 5
