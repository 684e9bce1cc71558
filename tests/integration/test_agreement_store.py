"""What is read of reviews to be compared, and what isn't."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.ext.asyncio import AsyncEngine

from grading.domain.agreement_report import Measure
from grading.domain.compared import Compared
from grading.domain.criterion import Criterion
from grading.domain.result import Provenance
from grading.domain.usage import NO_USAGE, ModelUse
from grading.domain.work import Skill
from grading.store import agreement
from grading.store.acceptance import Accepted, accept
from grading.store.agreement import Period, compared_from, read_reviewed
from grading.store.engine import make_async_engine
from grading.store.erasure import erase_job
from grading.store.jobs import get_job
from grading.store.retention import purge_answers
from server import metrics
from server.agreement import find_agreement
from server.agreement_observer import AgreementObserver
from server.store import Store
from tests.stack.held import examiner, hold, marks
from tests.stack.postgres import Database
from tests.stack.review_desk import TWICE, Desk
from tests.stack.reviewed import finish_review, finish_reviews, scored
from tests.stack.scripted_grader import RESULT
from tests.stack.submissions import new_job

HOUR = timedelta(hours=1)


def _period(since: timedelta = HOUR, until: timedelta = -HOUR) -> Period:
    now = datetime.now(UTC)
    return Period(now - since, now - until)


def _read(
    conn: Connection, tenant: str | None = "default", period: Period | None = None
) -> list[Compared]:
    rows = read_reviewed(conn, Skill.WRITING, period or _period(), tenant)
    return [compared_from(row) for row in rows]


def test_the_examiners_marks_stand_beside_the_machines(conn: Connection, engine: Engine) -> None:
    finish_review(engine, "7", labels={"first_language": "vi"})
    [found] = _read(conn)
    assert found.examiner == marks("7")
    assert found.machine == {one.criterion: one.score for one in RESULT.criteria}
    assert (found.machine_exact, found.blind) == (RESULT.exact_score, None)
    assert (found.grader, found.prompt, found.rubric) == ("scripted 1", "", "1")
    assert found.labels == {"first_language": "vi"}


def test_examiners_are_compared_where_two_marked_blind(conn: Connection, engine: Engine) -> None:
    finish_review(engine, "6")
    finish_review(engine, "6", "7", ago=timedelta(minutes=1))
    # The third saw both, and is compared with the machine alone.
    finish_review(engine, "4", "8", "7.5", ago=timedelta(minutes=2))
    single, double, decided = _read(conn)
    assert single.blind is None
    assert double.blind == (marks("6"), marks("7"))
    assert double.examiner == marks("6.5")
    assert decided.blind == (marks("4"), marks("8"))
    assert decided.examiner == marks("7.5")


def test_a_review_that_waits_is_not_compared(conn: Connection, engine: Engine) -> None:
    hold(conn)
    half = hold(conn)
    Desk(engine, TWICE).mark(half, marks("6"), examiner("anna"))
    assert _read(conn) == []


def test_what_the_machine_could_not_measure_is_left_out(conn: Connection, engine: Engine) -> None:
    part = replace(RESULT, criteria=RESULT.criteria[:1], absent=tuple(Criterion)[1:4])
    finish_review(engine, "7", machine=part)
    [found] = _read(conn)
    assert found.machine == {Criterion.TASK_FULFILLMENT: Decimal("6.5")}


def test_versions_are_told(conn: Connection, engine: Engine) -> None:
    heard = [
        ModelUse(stage, "model", version, "abc", NO_USAGE, None)
        for stage, version in (("second_evidence", "b-2"), ("evidence", "a-1"), ("more", "a-1"))
    ]
    made = Provenance("llm-writing", "3", "writing-llm-1.0", "1", models=tuple(heard))
    finish_review(engine, "7", machine=replace(RESULT, provenance=made))
    [found] = _read(conn)
    assert (found.grader, found.prompt, found.rubric) == (
        "llm-writing 3",
        "a-1, b-2",
        "writing-llm-1.0",
    )


def test_a_period_begins_with_its_first_moment_and_ends_before_its_last(
    conn: Connection, engine: Engine, database: Database
) -> None:
    finish_review(engine, "7")
    [row] = database.rows("SELECT finished_at FROM reviews")
    at, tick = row["finished_at"], timedelta(microseconds=1)
    assert len(_read(conn, period=Period(at, at + tick))) == 1
    assert _read(conn, period=Period(at - tick, at)) == []
    assert _read(conn, period=Period(at + tick, at + HOUR)) == []
    assert Period(at, at + HOUR).before == Period(at - HOUR, at)
    assert read_reviewed(conn, Skill.SPEAKING, _period(), "default") == []


def test_a_tenant_is_told_of_its_own(conn: Connection, engine: Engine) -> None:
    finish_review(engine, "7")
    finish_review(engine, "5", tenant="school")
    assert [one.examiner for one in _read(conn)] == [marks("7")]
    assert [one.examiner for one in _read(conn, "school")] == [marks("5")]
    assert _read(conn, "another-school") == []
    assert len(_read(conn, None)) == 2


def test_an_erased_job_is_left_out_and_a_purged_answer_is_not(
    conn: Connection, engine: Engine
) -> None:
    erased, _ = finish_review(engine, "7"), finish_review(engine, "5")
    erase_job(conn, erased)
    purge_answers(conn, timedelta(0), 10)
    assert conn.scalar(text("SELECT count(*) FROM answers")) == 0
    assert [one.examiner for one in _read(conn)] == [marks("5")]


def test_the_newest_are_read_and_one_more(
    conn: Connection, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for ago, given in ((3, "4"), (1, "6"), (2, "5"), (4, "3")):
        finish_review(engine, given, ago=timedelta(minutes=ago))
    monkeypatch.setattr(agreement, "MOST_REVIEWS", 2)
    assert [one.examiner for one in _read(conn)] == [marks("6"), marks("5"), marks("4")]


def test_labels_are_the_jobs(conn: Connection, database: Database) -> None:
    labels = {"first_language": "tiếng Việt", "age": "15-17"}
    job = replace(new_job(), labels=labels)
    plain = new_job()
    accepted, other = accept(conn, [job, plain])
    assert isinstance(accepted, Accepted)
    assert isinstance(other, Accepted)
    assert (accepted.job.labels, other.job.labels) == (labels, {})
    assert get_job(conn, job.id).labels == labels
    assert "Việt" not in repr(job) + repr(accepted)
    erase_job(conn, job.id)
    assert database.rows("SELECT count(*) AS n FROM jobs WHERE labels <> '{}'") == [{"n": 0}]


@pytest.fixture
def async_engine(database: Database) -> Iterator[AsyncEngine]:
    yield make_async_engine(database.settings(), "tests-agreement")


async def test_drift_is_found_between_two_periods(
    engine: Engine, async_engine: AsyncEngine
) -> None:
    finish_reviews(engine)
    finish_reviews(engine, 10, ago=timedelta(hours=2))
    store = Store(async_engine)
    now = datetime.now(UTC)
    try:
        found = await find_agreement(
            store, Skill.WRITING, Period(now - HOUR, now + HOUR), tenant="default", drift=True
        )
    finally:
        await store.close()
    assert not found.truncated
    assert found.report.machine.overall.answers == 12
    assert found.report.examiners.overall.answers == 12
    assert {one.measure for one in found.drift} == set(Measure)


def _told(measure: str, criterion: str = "overall", raters: str = "machine") -> float | None:
    """The value of a series; None where there is none."""
    wanted = ("writing", raters, criterion, measure)
    found = [
        sample.value
        for family in metrics.AGREEMENT.collect()
        for sample in family.samples
        if tuple(sample.labels.values()) == wanted
    ]
    return found[0] if found else None


async def test_metrics_tell_what_is_known_and_are_absent_where_nothing_is(
    conn: Connection, engine: Engine, async_engine: AsyncEngine
) -> None:
    jobs = finish_reviews(engine, 11)
    jobs.append(finish_review(engine, "9", machine=scored("4"), tenant="school"))
    store = Store(async_engine)
    observer = AgreementObserver(store, timedelta(days=1))
    soon = datetime.now(UTC) + HOUR
    try:
        await observer.look(soon)
        # Of all tenants.
        assert metrics.AGREEMENT_ANSWERS.labels("writing", "machine")._value.get() == 12
        assert metrics.AGREEMENT_ANSWERS.labels("writing", "examiners")._value.get() == 11
        for measure in Measure:
            assert _told(measure) is not None
            assert _told(measure, "grammar") is not None
            assert _told(measure, raters="examiners") is not None
        assert _told("qwk", "fluency") is None
        # There is no period before, and so no drift.
        assert not [s for f in metrics.AGREEMENT_DRIFT.collect() for s in f.samples]

        for job_id in jobs[:3]:
            erase_job(conn, job_id)
        await observer.look(soon)
        assert metrics.AGREEMENT_ANSWERS.labels("writing", "machine")._value.get() == 9
        assert [_told(measure) for measure in Measure] == [None] * len(Measure)
    finally:
        await store.close()
