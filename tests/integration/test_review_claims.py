"""Claims of reviews: leases that are refused, renewed, given back, and lapse."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine

from grading.domain.job import JobState
from grading.exceptions import (
    JobNotFound,
    ReviewClaimed,
    ReviewClaimLost,
    ReviewNotWaiting,
)
from grading.store.acceptance import accept
from grading.store.review_records import ReviewAction, ReviewState
from grading.store.reviews import read_review, release_lapsed_claims
from tests.stack.held import examiner, hold, marks
from tests.stack.review_desk import ANNA, BINH, ONCE, Desk, let_lapse
from tests.stack.submissions import new_job


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def test_a_second_claim_is_refused_and_names_the_holder(conn: Connection, desk: Desk) -> None:
    job_id = hold(conn)
    held = desk.claim(job_id)
    assert (held.state, held.holder, held.claim) == (ReviewState.CLAIMED, "anna", 1)
    with pytest.raises(ReviewClaimed) as refused:
        desk.claim(job_id, BINH)
    assert (refused.value.holder, refused.value.until) == ("anna", held.claim_expires_at)
    with pytest.raises(ReviewClaimed):
        desk.release(job_id, BINH)


def test_the_holder_renews_under_the_same_number(conn: Connection, desk: Desk) -> None:
    job_id = hold(conn)
    first = desk.claim(job_id, lease=timedelta(minutes=1))
    second = desk.claim(job_id)
    assert second.claim == first.claim
    assert first.claim_expires_at is not None and second.claim_expires_at is not None
    assert second.claim_expires_at - first.claim_expires_at > timedelta(minutes=13)


def test_a_released_review_is_anybodys(conn: Connection, desk: Desk) -> None:
    job_id = hold(conn)
    desk.claim(job_id)
    assert desk.release(job_id).state is ReviewState.OPEN
    assert desk.release(job_id).state is ReviewState.OPEN
    assert desk.claim(job_id, BINH).claim == 2
    with pytest.raises(ReviewClaimLost):
        desk.submit(job_id, marks("6"), ANNA, 1)


def test_a_claim_lapses(conn: Connection, desk: Desk) -> None:
    """Before the reaper has come by as well as after it."""
    first, second = hold(conn), hold(conn)
    for job_id in (first, second):
        desk.claim(job_id)
    let_lapse(conn)
    assert desk.claim(first, BINH).claim == 2
    assert release_lapsed_claims(conn, 10) == 1
    assert release_lapsed_claims(conn, 10) == 0
    for job_id in (first, second):
        with pytest.raises(ReviewClaimLost):
            desk.submit(job_id, marks("6"))
    lapsed = [ReviewAction.CLAIMED, ReviewAction.LAPSED]
    for job_id, acts in ((first, [*lapsed, ReviewAction.CLAIMED]), (second, lapsed)):
        trail = read_review(conn, job_id, "default", ONCE).history
        assert [act.action for act in trail] == acts
        assert trail[1].before is not None
        assert (trail[1].reviewer_id, trail[1].before["holder"]) == ("anna", "anna")


def test_who_comes_back_after_a_lapse_has_another_claim(conn: Connection, desk: Desk) -> None:
    job_id = hold(conn)
    desk.claim(job_id)
    let_lapse(conn)
    assert desk.claim(job_id).claim == 2
    with pytest.raises(ReviewClaimLost):
        desk.submit(job_id, marks("6"), claim=1)
    assert desk.submit(job_id, marks("6"), claim=2).review.state is ReviewState.DONE


def test_what_is_not_held_is_not_reviewed(conn: Connection, desk: Desk) -> None:
    job = new_job()
    accept(conn, [job])
    with pytest.raises(ReviewNotWaiting) as refused:
        desk.claim(job.id)
    assert refused.value.state is JobState.QUEUED
    with pytest.raises(ReviewNotWaiting):
        read_review(conn, job.id, "default", ONCE)
    for call in (desk.claim, desk.release):
        with pytest.raises(JobNotFound):
            call(uuid4())
    with pytest.raises(JobNotFound):
        desk.submit(uuid4(), marks("6"))


def test_examiners_who_claim_at_once_are_let_through_one_at_a_time(
    conn: Connection, desk: Desk
) -> None:
    job_id = hold(conn)

    def attempt(number: int) -> str | None:
        try:
            return desk.claim(job_id, examiner(f"e{number}")).holder
        except ReviewClaimed as refused:
            return f"not {refused.holder}"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(16)))
    [winner] = [answer for answer in answers if answer and not answer.startswith("not ")]
    assert answers.count(f"not {winner}") == 15
