"""Marks: the one finalisation of a review, by one examiner, two, or three."""

import json

import pytest
from sqlalchemy import Connection, Engine, text

from grading.domain.job import JobState
from grading.domain.result import GradingResult, ScoredBy
from grading.exceptions import (
    ResultNotAvailable,
    ReviewAlreadyMarked,
    ReviewNotWaiting,
)
from grading.store.events import read_events
from grading.store.feed import feed_start, read_feed
from grading.store.jobs import get_job, get_result
from grading.store.review_records import ReviewState
from grading.store.reviews import read_review
from tests.stack.held import hold, marks
from tests.stack.postgres import Database
from tests.stack.review_desk import ANNA, BINH, CHI, ONCE, TWICE, Desk
from tests.stack.scripted_grader import RESULT


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


@pytest.fixture
def blind(engine: Engine) -> Desk:
    """A desk at which every answer is marked twice."""
    return Desk(engine, TWICE)


@pytest.mark.parametrize(
    ("given", "scored_by", "score"),
    [("6.5", ScoredBy.HYBRID, 6.5), ("7", ScoredBy.HYBRID, 7.0), ("7.5", ScoredBy.HUMAN, 7.5)],
)
def test_marks_finish_the_job_at_once(
    conn: Connection, desk: Desk, given: str, scored_by: ScoredBy, score: float
) -> None:
    job_id = hold(conn)
    with pytest.raises(ResultNotAvailable):
        get_result(conn, job_id)
    start = feed_start(conn, "", at_end=True)
    handed = desk.mark(job_id, marks(given))
    assert (handed.review.state, handed.review.scored_by) == (ReviewState.DONE, scored_by)

    job = get_job(conn, job_id)
    assert (job.state, job.review_priority, job.review_reasons) == (JobState.COMPLETED, None, ())
    assert job.ended_at is not None
    stored = get_result(conn, job_id)
    assert isinstance(stored.result, GradingResult)
    assert (float(stored.result.score), stored.scored_by) == (score, scored_by)
    assert stored.audit is (scored_by is ScoredBy.HUMAN)
    events = read_events(conn, {job_id: 0}, 100)
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert [event.state for event in events[-2:]] == [
        JobState.REVIEW_REQUIRED,
        JobState.COMPLETED,
    ]
    assert events[-2].outcome is None
    assert getattr(events[-1].outcome, "score", None) == score
    [told] = read_feed(conn, start, 10).events
    assert (told.event.job_id, told.event.sequence) == (job_id, events[-1].sequence)

    # All three are kept.
    file = read_review(conn, job_id, "default", ONCE)
    assert file.machine.result == RESULT
    assert [(one.reviewer_id, one.marks) for one in file.marks] == [("anna", marks(given))]
    assert file.result == stored


def test_marks_are_stored_once_and_a_review_is_finished_once(
    conn: Connection, desk: Desk, database: Database
) -> None:
    job_id = hold(conn)
    assert not desk.mark(job_id, marks("6")).deduplicated
    again = desk.submit(job_id, marks("6"))
    assert (again.deduplicated, again.review.state) == (True, ReviewState.DONE)
    for given, who, claim in ((marks("7"), ANNA, 1), (marks("6"), BINH, 1), (marks("6"), ANNA, 2)):
        with pytest.raises(ReviewNotWaiting):
            desk.submit(job_id, given, who, claim)
    with pytest.raises(ReviewNotWaiting):
        desk.claim(job_id, BINH)
    with pytest.raises(ReviewNotWaiting):
        desk.release(job_id, BINH)
    assert database.rows("SELECT count(*) AS n FROM review_marks") == [{"n": 1}]


def test_two_examiners_mark_and_the_mean_stands(conn: Connection, blind: Desk) -> None:
    job_id = hold(conn)
    first = blind.mark(job_id, marks("6"))
    assert (first.review.state, first.review.marked_by) == (ReviewState.OPEN, ("anna",))
    assert get_job(conn, job_id).state is JobState.REVIEW_REQUIRED
    with pytest.raises(ReviewAlreadyMarked):
        blind.claim(job_id)
    second = blind.mark(job_id, marks("7"), BINH)
    assert (second.review.state, second.review.adjudication) == (ReviewState.DONE, False)
    result = get_result(conn, job_id).result
    assert isinstance(result, GradingResult)
    # 0.4 × 6.375 + 0.6 × 6.5
    assert (str(result.exact_score), str(result.score)) == ("6.4500", "6.5")


def test_a_third_examiner_decides_between_two(conn: Connection, blind: Desk) -> None:
    job_id = hold(conn)
    blind.mark(job_id, marks("4"))
    called = blind.mark(job_id, marks("6"), BINH).review
    assert (called.state, called.adjudication) == (ReviewState.OPEN, True)
    for who in (ANNA, BINH):
        with pytest.raises(ReviewAlreadyMarked):
            blind.claim(job_id, who)
    done = blind.mark(job_id, marks("5"), CHI).review
    assert (done.state, done.scored_by) == (ReviewState.DONE, ScoredBy.HUMAN)
    file = read_review(conn, job_id, "default", TWICE)
    assert [one.adjudication for one in file.marks] == [False, False, True]
    [row] = conn.execute(text("SELECT examiner, examiner_score, machine_score FROM reviews"))
    assert (row.examiner[0], row.examiner_score, row.machine_score) == (
        ["task_fulfillment", "5"], 5, RESULT.score,
    )  # fmt: skip


def test_who_marks_twice_is_drawn_once(conn: Connection, desk: Desk, blind: Desk) -> None:
    job_id = hold(conn)
    blind.claim(job_id)
    assert desk.claim(job_id).double_marked
    assert read_review(conn, job_id, "default", ONCE).review.double_marked


def test_a_server_of_the_release_before_gives_the_reviewed_result_out(
    conn: Connection, desk: Desk
) -> None:
    """It reads the row that it knows, and not the columns that it doesn't."""
    job_id = hold(conn)
    desk.mark(job_id, marks("9"))
    row = conn.execute(
        text("SELECT score, band, document FROM results WHERE job_id = :id"), {"id": job_id}
    ).one()
    assert (row.score, row.band) == (9, "c1")
    assert json.dumps(row.document["score"]) == '"9.0"'
