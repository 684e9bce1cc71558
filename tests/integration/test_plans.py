"""A step of the service costs the same however long the queue is."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, text

from grading.domain.caller import DEFAULT_TENANT
from grading.domain.job import JobState
from grading.domain.retry import RetryPolicy
from grading.domain.work import Skill
from grading.store.agreement import Period, read_reviewed
from grading.store.census import take_census
from grading.store.dead_letters import fail_dead_lettered
from grading.store.delays import flag_far_behind, flag_long_waiting, measure_pace
from grading.store.erasure import erase_job
from grading.store.events import read_events
from grading.store.feed import feed_start, read_feed
from grading.store.jobs import cancel_job, get_job
from grading.store.listing import JobFilter, list_jobs
from grading.store.outbox import (
    Message,
    mark_sent,
    read_queues,
    room_for,
    take_unsent,
    unsend_all,
    unsend_lost,
)
from grading.store.reaping import fail_overdue, reap_lapsed_leases, release_due_retries
from grading.store.retention import purge_answers, purge_events
from grading.store.review_listing import ReviewFilter, ReviewPlace, list_reviews
from grading.store.review_records import ReviewState
from grading.store.reviews import claim_review, release_lapsed_claims
from grading.store.run_writes import Graded, RunWrite, graded_end, write_runs
from grading.store.runs import claim, claim_jobs, renew_jobs
from tests.stack.backlog import REVIEWS, clear, fill
from tests.stack.plans import watch
from tests.stack.postgres import Databases
from tests.stack.review_desk import ANNA, ONCE
from tests.stack.scripted_grader import RESULT

SHORT, LONG = 10_000, 100_000
LEASE = timedelta(seconds=30)
FAR_BACK = datetime.now(UTC) - timedelta(days=15)
#: An id of that time.
DEEP = UUID(int=int(FAR_BACK.timestamp() * 1000) << 80)
#: A level more in each index, and plans that suit a larger table.
GROWTH = 2.5
#: Buffers that a step may always touch.
FEW = 300
#: Tables that grow with what is accepted.
LARGE = frozenset({"jobs", "answers", "events", "outbox", "runs", "results"})

Call = Callable[[Connection], object]


@pytest.fixture(scope="module")
def queues(databases: Databases) -> Iterator[list[Engine]]:
    """A short queue and a long one."""
    with ExitStack() as stack:
        engines = []
        for queued in (SHORT, LONG):
            engine = stack.enter_context(databases.lend()).make_engine(pool_size=2)
            stack.callback(engine.dispose)
            with engine.connect() as conn:
                fill(conn, queued)
            stack.callback(_clear, engine)
            engines.append(engine)
        yield engines


def _clear(engine: Engine) -> None:
    with engine.connect() as conn:
        clear(conn)


def _waiting(conn: Connection, count: int) -> list[UUID]:
    found = text(
        "SELECT job_id FROM outbox WHERE queue = 'writing' AND sent_at IS NULL "
        "ORDER BY accepted_at LIMIT :count"
    )
    return list(conn.scalars(found, {"count": count}))


def _mark(conn: Connection) -> None:
    mark_sent(conn, [Message(job_id, "writing") for job_id in _waiting(conn, 100)])


def _run(conn: Connection) -> None:
    """Claim some jobs, hold them, and write how their runs came out."""
    held = list(claim_jobs(conn, _waiting(conn, 50), "worker", LEASE).values())
    renew_jobs(conn, held, LEASE)
    end = graded_end(Graded(RESULT, timedelta(seconds=1)))
    assert len(write_runs(conn, [RunWrite(claim, end=end) for claim in held])) == 50


def _list(
    *states: JobState,
    user_id: str | None = None,
    submission_id: str | None = None,
    skill: Skill | None = None,
    span: tuple[datetime | None, datetime | None] = (None, None),
) -> Call:
    """The first page of a filter, and a deep one."""
    wanted = JobFilter(user_id, submission_id, states, skill, *span)

    def pages(conn: Connection) -> None:
        list_jobs(conn, wanted, None, 51)
        list_jobs(conn, wanted, DEEP, 51)

    return pages


def _reviews(conn: Connection) -> None:
    """The first page of what waits, and a deep one; what is done; and a review that is taken."""
    found = list_reviews(conn, ReviewFilter(), None, 51, ONCE)
    list_reviews(conn, ReviewFilter(), ReviewPlace.of(found[-1]), 51, ONCE)
    list_reviews(conn, ReviewFilter(state=ReviewState.DONE), None, 51, ONCE)
    claim_review(conn, found[0].job_id, ANNA, LEASE, ONCE)


def _agreement(conn: Connection) -> None:
    """What was reviewed in a month, of a tenant and of all."""
    now = datetime.now(UTC)
    period = Period(now - timedelta(days=30), now)
    for tenant in (DEFAULT_TENANT, None):
        assert len(read_reviewed(conn, Skill.WRITING, period, tenant)) == REVIEWS


STEPS: dict[str, Call] = {
    "read_reviewed": _agreement,
    "reviews": _reviews,
    "release_lapsed_claims": lambda conn: release_lapsed_claims(conn, 200),
    "room_for": lambda conn: room_for(conn, "writing", 1000),
    "take_unsent": lambda conn: take_unsent(conn, "writing", 100),
    "mark_sent": _mark,
    "unsend_lost": lambda conn: unsend_lost(conn, timedelta(seconds=60), 200),
    "unsend_all": unsend_all,
    "claim": lambda conn: claim(conn, _waiting(conn, 1)[0], "worker", LEASE),
    "write_runs": _run,
    "cancel_job": lambda conn: cancel_job(conn, _waiting(conn, 1)[0]),
    "erase_job": lambda conn: erase_job(conn, _waiting(conn, 1)[0]),
    "get_job": lambda conn: get_job(conn, _waiting(conn, 1)[0]),
    "read_events": lambda conn: read_events(conn, dict.fromkeys(_waiting(conn, 50), 0), 1000),
    "read_feed": lambda conn: read_feed(conn, feed_start(conn, "", at_end=False), 500),
    "fail_overdue": lambda conn: fail_overdue(conn, 200),
    "reap_lapsed_leases": lambda conn: reap_lapsed_leases(
        conn, RetryPolicy(3, timedelta(minutes=5)), 200
    ),
    "release_due_retries": lambda conn: release_due_retries(conn, 200),
    "fail_dead_lettered": lambda conn: fail_dead_lettered(
        conn, dict.fromkeys(_waiting(conn, 50), "expired")
    ),
    "flag_long_waiting": lambda conn: flag_long_waiting(
        conn, "writing", timedelta(milliseconds=1), 200
    ),
    "flag_far_behind": lambda conn: flag_far_behind(conn, "writing", 1000, 200),
    "take_census": lambda conn: take_census(conn, list(Skill)),
    "measure_pace": lambda conn: measure_pace(conn, "writing"),
    "purge_events": lambda conn: purge_events(conn, timedelta(days=3), 100),
    "purge_answers": lambda conn: purge_answers(conn, timedelta(days=3), 100),
}

LISTS: dict[str, Call] = {
    "all": _list(),
    "user": _list(user_id="learner-7"),
    "user_state": _list(JobState.FAILED, user_id="learner-7"),
    "submission": _list(submission_id="submission-completed7"),
    "submission_user": _list(submission_id="submission-failed7", user_id="learner-7"),
    "queued": _list(JobState.QUEUED),
    "grading": _list(JobState.GRADING),
    "retrying": _list(JobState.RETRYING),
    "completed": _list(JobState.COMPLETED),
    "mixed": _list(JobState.QUEUED, JobState.ANALYZING, JobState.FAILED),
    "writing": _list(skill=Skill.WRITING),
    "speaking": _list(skill=Skill.SPEAKING),
    "before": _list(span=(None, FAR_BACK)),
    "span": _list(span=(FAR_BACK, FAR_BACK + timedelta(minutes=1))),
    "failed_before": _list(JobState.FAILED, span=(None, FAR_BACK)),
    "skill_state": _list(JobState.CANCELLED, skill=Skill.WRITING),
}


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("step", [*STEPS, *(f"list_{name}" for name in LISTS)])
def test_a_step_costs_the_same_however_long_the_queue_is(
    queues: list[Engine], step: str, mode: str
) -> None:
    call = STEPS[step] if step in STEPS else LISTS[step.removeprefix("list_")]
    short, long = (watch(engine, call, mode) for engine in queues)

    assert not long.scanned & LARGE
    assert long.buffers <= GROWTH * short.buffers + FEW


def test_counting_what_waits_reads_the_outbox_once(queues: list[Engine]) -> None:
    with queues[1].connect() as conn:
        assert {queue: found.waiting for queue, found in read_queues(conn).items()} == {
            "writing": LONG
        }
        pages = conn.scalar(text("SELECT pg_relation_size('outbox') / 8192"))
    seen = watch(queues[1], read_queues, "force_custom_plan")
    assert seen.buffers <= pages
