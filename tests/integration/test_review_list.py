"""The queue of reviews, and whose it is."""

from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine

from grading.domain.review import ReviewPriority
from grading.exceptions import (
    JobNotFound,
)
from grading.store.review_listing import ReviewFilter, ReviewPlace, list_reviews
from grading.store.review_records import ReviewState
from grading.store.reviews import read_review
from tests.stack.held import examiner, hold, marks
from tests.stack.review_desk import BINH, ONCE, TWICE, Desk, let_lapse


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


@pytest.fixture
def blind(engine: Engine) -> Desk:
    """A desk at which every answer is marked twice."""
    return Desk(engine, TWICE)


def test_another_tenants_review_is_one_that_there_is_not(conn: Connection, desk: Desk) -> None:
    job_id = hold(conn, tenant="school")
    stranger = examiner("anna")
    for call in (desk.claim, desk.release):
        with pytest.raises(JobNotFound):
            call(job_id, stranger)
    with pytest.raises(JobNotFound):
        desk.submit(job_id, marks("6"), stranger)
    with pytest.raises(JobNotFound):
        read_review(conn, job_id, "default", ONCE)
    assert list_reviews(conn, ReviewFilter(), None, 10, ONCE) == []
    [review] = list_reviews(conn, ReviewFilter(tenant="school"), None, 10, ONCE)
    assert review.job_id == job_id


def test_what_waits_is_listed_by_priority_then_age(conn: Connection, desk: Desk) -> None:
    order = [ReviewPriority.MEDIUM, ReviewPriority.CRITICAL, ReviewPriority.HIGH]
    jobs = [(priority, hold(conn, priority)) for _ in range(2) for priority in order]
    ranks = [ReviewPriority.CRITICAL, ReviewPriority.HIGH, ReviewPriority.MEDIUM]
    wanted = [job for rank in ranks for priority, job in jobs if priority is rank]
    found, after = [], None
    while page := list_reviews(conn, ReviewFilter(), after, 4, ONCE):
        found += [review.job_id for review in page]
        after = ReviewPlace.of(page[-1])
    assert found == wanted

    desk.claim(wanted[3])
    desk.mark(wanted[0], marks("6"), BINH)

    def listed(**fields: object) -> list[UUID]:
        found = list_reviews(conn, ReviewFilter(**fields), None, 10, ONCE)  # type: ignore[arg-type]
        return [review.job_id for review in found]

    assert listed() == wanted[1:]
    assert listed(state=ReviewState.OPEN) == [wanted[1], wanted[2], wanted[4], wanted[5]]
    assert listed(state=ReviewState.CLAIMED) == listed(claimed_by="anna") == [wanted[3]]
    assert listed(claimed_by="binh") == []
    assert listed(priority=ReviewPriority.MEDIUM) == wanted[4:]
    assert listed(state=ReviewState.DONE) == [wanted[0]]
    assert listed(state=ReviewState.DONE, priority=ReviewPriority.HIGH) == []
    let_lapse(conn)
    assert listed(state=ReviewState.CLAIMED) == []
    assert wanted[3] in listed(state=ReviewState.OPEN)


def test_an_examiner_is_not_shown_what_waits_for_another(conn: Connection, blind: Desk) -> None:
    job_id = hold(conn)
    blind.mark(job_id, marks("6"))
    assert list_reviews(conn, ReviewFilter(reviewer_id="anna"), None, 10, TWICE) == []
    [review] = list_reviews(conn, ReviewFilter(reviewer_id="binh"), None, 10, TWICE)
    assert review.job_id == job_id
