"""The trail of reviews is only appended to, and goes with its job."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from psycopg import errors
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from grading.exceptions import (
    JobNotFound,
)
from grading.store.erasure import erase_job
from grading.store.reviews import read_review
from tests.stack.held import hold, marks
from tests.stack.postgres import Database
from tests.stack.review_desk import BINH, ONCE, Desk


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def test_the_trail_says_who_did_what_and_what_changed(conn: Connection, desk: Desk) -> None:
    job_id = hold(conn)
    desk.claim(job_id)
    desk.release(job_id)
    desk.mark(job_id, marks("6"), BINH)
    trail = read_review(conn, job_id, "default", ONCE).history
    assert [(act.action.value, act.reviewer_id, act.caller, act.claim) for act in trail] == [
        ("claimed", "anna", "the app", 1),
        ("released", "anna", "the app", 1),
        ("claimed", "binh", "the app", 2),
        ("marked", "binh", "the app", 2),
        ("finished", "binh", "the app", 2),
    ]
    assert trail[1].before == {"holder": "anna"}
    assert trail[1].after == {"holder": None}
    assert trail[-1].before == {
        "state": "review_required", "score": 6.5, "band": "b2", "scored_by": "machine",
    }  # fmt: skip
    assert trail[-1].after == {
        "state": "completed", "score": 6.0, "band": "b2", "scored_by": "hybrid",
    }  # fmt: skip


@pytest.mark.parametrize("table", ["review_trail", "review_marks"])
@pytest.mark.parametrize(
    "change", ["UPDATE {} SET reviewer_id = 'x'", "DELETE FROM {}", "TRUNCATE {}"]
)
def test_the_trail_and_marks_are_only_appended_to(
    conn: Connection, desk: Desk, table: str, change: str
) -> None:
    job_id = hold(conn)
    desk.mark(job_id, marks("6"))
    before = read_review(conn, job_id, "default", ONCE)
    with pytest.raises(DBAPIError) as refused:
        conn.execute(text(change.format(table)))
    assert isinstance(refused.value.orig, errors.RestrictViolation)
    assert read_review(conn, job_id, "default", ONCE) == before


def test_erasure_takes_a_review_with_it(conn: Connection, desk: Desk, database: Database) -> None:
    """One that is done, and one that an examiner is about to mark."""
    done, held = hold(conn), hold(conn)
    desk.mark(done, marks("6"))
    desk.claim(held)
    for job_id in (done, held):
        erase_job(conn, job_id)
        for table in ("reviews", "review_marks", "review_trail"):
            left = f"SELECT count(*) AS n FROM {table} WHERE job_id = %s"  # noqa: S608
            assert database.rows(left, job_id) == [{"n": 0}]
    with pytest.raises(JobNotFound):
        desk.submit(held, marks("6"))
    with pytest.raises(JobNotFound):
        desk.claim(held)


def test_erasing_while_examiners_are_at_work_deadlocks_nobody(
    conn: Connection, engine: Engine, desk: Desk
) -> None:
    jobs = [hold(conn) for _ in range(12)]

    def work(job_id: UUID) -> None:
        try:
            desk.mark(job_id, marks("6"))
        except JobNotFound:
            return

    def erase(job_id: UUID) -> None:
        with engine.connect() as own:
            erase_job(own, job_id)

    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(act, job) for job in jobs for act in (work, erase)]
        for future in futures:
            future.result()
    assert conn.scalar(text("SELECT count(*) FROM review_trail")) == 0
