"""Reviews in the store: claims, marks, the one finalisation, and the trail."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from psycopg import errors
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from grading.domain.double_marking import DoubleMarking
from grading.domain.job import JobState
from grading.domain.marks import Marks
from grading.domain.result import GradingResult, ScoredBy
from grading.domain.review import ReviewPriority
from grading.exceptions import (
    JobNotFound,
    ResultNotAvailable,
    ReviewAlreadyMarked,
    ReviewClaimed,
    ReviewClaimLost,
    ReviewNotWaiting,
)
from grading.store.acceptance import accept
from grading.store.erasure import erase_job
from grading.store.events import read_events
from grading.store.feed import feed_start, read_feed
from grading.store.jobs import get_job, get_result
from grading.store.review_listing import ReviewFilter, ReviewPlace, list_reviews
from grading.store.review_marks import Handed, submit_marks
from grading.store.review_records import Review, ReviewAction, Reviewer, ReviewState
from grading.store.reviews import (
    claim_review,
    read_review,
    release_lapsed_claims,
    release_review,
)
from tests.stack.held import examiner, hold, marks
from tests.stack.postgres import Database
from tests.stack.scripted_grader import RESULT
from tests.stack.submissions import new_job

LEASE = timedelta(minutes=15)
ONCE, TWICE = DoubleMarking(0), DoubleMarking(1)
ANNA, BINH, CHI = examiner("anna"), examiner("binh"), examiner("chi")


@pytest.fixture
def transactions(engine: Engine) -> Iterator[Engine]:
    """Connections on which what a call does is one transaction, as the server has it."""
    yield engine.execution_options(isolation_level="READ COMMITTED")


class Desk:
    """What examiners do, each act in a transaction of its own."""

    def __init__(self, engine: Engine, double_marking: DoubleMarking = ONCE) -> None:
        self._engine = engine
        self._double_marking = double_marking

    def claim(self, job_id: UUID, who: Reviewer = ANNA, lease: timedelta = LEASE) -> Review:
        with self._engine.begin() as conn:
            return claim_review(conn, job_id, who, lease, self._double_marking)[0]

    def release(self, job_id: UUID, who: Reviewer = ANNA) -> Review:
        with self._engine.begin() as conn:
            return release_review(conn, job_id, who, self._double_marking)

    def submit(
        self, job_id: UUID, given: Marks, who: Reviewer = ANNA, claim: int = 1, comment: str = ""
    ) -> Handed:
        with self._engine.begin() as conn:
            return submit_marks(
                conn, job_id, who, claim, given, comment, self._double_marking
            )  # fmt: skip

    def mark(self, job_id: UUID, given: Marks, who: Reviewer = ANNA) -> Handed:
        return self.submit(job_id, given, who, self.claim(job_id, who).claim)


@pytest.fixture
def desk(transactions: Engine) -> Desk:
    return Desk(transactions)


@pytest.fixture
def blind(transactions: Engine) -> Desk:
    """A desk at which every answer is marked twice."""
    return Desk(transactions, TWICE)


def _lapse(conn: Connection) -> None:
    conn.execute(
        text("UPDATE reviews SET claim_expires_at = now() - interval '1 s' WHERE holder <> ''")
    )


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
    _lapse(conn)
    assert desk.claim(first, BINH).claim == 2
    assert release_lapsed_claims(conn, 10) == 1
    assert release_lapsed_claims(conn, 10) == 0
    for job_id in (first, second):
        with pytest.raises(ReviewClaimLost):
            desk.submit(job_id, marks("6"))
    acts = [act.action for act in read_review(conn, second, "default", ONCE).history]
    assert acts == [ReviewAction.CLAIMED, ReviewAction.LAPSED]


def test_who_comes_back_after_a_lapse_has_another_claim(conn: Connection, desk: Desk) -> None:
    job_id = hold(conn)
    desk.claim(job_id)
    _lapse(conn)
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
    _lapse(conn)
    assert listed(state=ReviewState.CLAIMED) == []
    assert wanted[3] in listed(state=ReviewState.OPEN)


def test_an_examiner_is_not_shown_what_waits_for_another(conn: Connection, blind: Desk) -> None:
    job_id = hold(conn)
    blind.mark(job_id, marks("6"))
    assert list_reviews(conn, ReviewFilter(reviewer_id="anna"), None, 10, TWICE) == []
    [review] = list_reviews(conn, ReviewFilter(reviewer_id="binh"), None, 10, TWICE)
    assert review.job_id == job_id


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
