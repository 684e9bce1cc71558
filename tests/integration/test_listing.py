"""``list_jobs``: its pages hold what the filter says, no more and no less, newest first."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select, text

from grading.domain.job import TERMINAL, JobStage, JobState
from grading.domain.work import Skill
from grading.store import tables
from grading.store.acceptance import accept
from grading.store.listing import JobFilter, list_jobs
from grading.store.records import Job, job_from
from grading.store.runs import advance, claim
from tests.stack.postgres import Databases
from tests.stack.submissions import new_job

MANY = 300
NEWEST = datetime(2026, 5, 1, tzinfo=UTC)
USERS = ["an", "binh", "chi"]
SUBMISSIONS = ["first", "second", "third"]
OLDEST = NEWEST - timedelta(days=12)
_RANDOM = random.Random(7)  # the same jobs each time

_INSERT = text("""
    INSERT INTO jobs (
        id, request_id, payload_hash, user_id, submission_id, attempt, skill, state,
        last_sequence, accepted_at, updated_at, deadline_at, ended_at
    )
    VALUES (
        :id, gen_random_uuid(), '', :user, :submission, :attempt, :skill, :state,
        1, :at, :at, :at, :ended_at
    )
""")


def _job(number: int) -> dict[str, object]:
    state = _RANDOM.choice(list(JobState))
    accepted_at = OLDEST + (NEWEST - OLDEST) * _RANDOM.random()
    # The clock of the server that made the id may be wrong by hours.
    made_at = accepted_at + timedelta(hours=_RANDOM.uniform(-20, 20))
    milliseconds = int(made_at.timestamp() * 1000)
    return {
        "id": UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | _RANDOM.getrandbits(62)),
        "user": _RANDOM.choice(USERS),
        "submission": _RANDOM.choice(SUBMISSIONS),
        "attempt": number,
        "skill": _RANDOM.choice(list(Skill)).value,
        "state": state.value,
        "at": accepted_at,
        "ended_at": accepted_at if state in TERMINAL else None,
    }


@pytest.fixture(scope="module")
def listed(databases: Databases) -> Iterator[tuple[Connection, list[Job]]]:
    """Jobs of every kind, and a connection to where they are."""
    with databases.lend() as database:
        engine = database.make_engine()
        with engine.connect() as conn:
            conn.execute(_INSERT, [_job(number) for number in range(MANY)])
            jobs = [job_from(row) for row in conn.execute(select(tables.jobs))]
            yield conn, sorted(jobs, key=lambda job: job.id, reverse=True)
        engine.dispose()


MOMENTS = st.none() | st.one_of(
    st.datetimes(OLDEST.replace(tzinfo=None), NEWEST.replace(tzinfo=None), timezones=st.just(UTC)),
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from([datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]),
)

FILTERS = st.builds(
    JobFilter,
    user_id=st.none() | st.sampled_from([*USERS, "nobody"]),
    submission_id=st.none() | st.sampled_from([*SUBMISSIONS, "none"]),
    states=st.lists(st.sampled_from(list(JobState)), unique=True, max_size=9).map(tuple),
    skill=st.none() | st.sampled_from(Skill),
    accepted_from=MOMENTS,
    accepted_before=MOMENTS,
)


def _wanted(job: Job, wanted: JobFilter) -> bool:
    return (
        wanted.user_id in (None, job.user_id)
        and wanted.submission_id in (None, job.submission_id)
        and (not wanted.states or job.state in wanted.states)
        and wanted.skill in (None, job.skill)
        and (wanted.accepted_from is None or job.accepted_at >= wanted.accepted_from)
        and (wanted.accepted_before is None or job.accepted_at < wanted.accepted_before)
    )


def _pages(conn: Connection, wanted: JobFilter, size: int) -> Iterator[Sequence[Job]]:
    before = None
    while page := list_jobs(conn, wanted, before, size):
        yield page
        before = page[-1].id


@settings(max_examples=300, database=None, derandomize=True)
@given(wanted=FILTERS, size=st.integers(20, MANY + 1))
def test_the_pages_together_are_the_jobs_that_the_filter_names(
    listed: tuple[Connection, list[Job]], wanted: JobFilter, size: int
) -> None:
    conn, jobs = listed
    pages = list(_pages(conn, wanted, size))

    assert [job for page in pages for job in page] == [j for j in jobs if _wanted(j, wanted)]
    assert all(len(page) == size for page in pages[:-1])


@pytest.mark.parametrize("wanted", [JobFilter(), JobFilter(states=tuple(JobState))], ids=["", "s"])
def test_pages_of_one_job_hold_all(listed: tuple[Connection, list[Job]], wanted: JobFilter) -> None:
    conn, jobs = listed
    assert [job for page in _pages(conn, wanted, 1) for job in page] == jobs


_UPDATES = text("""
    SELECT pg_stat_get_xact_tuples_hot_updated(oid) AS hot,
           pg_stat_get_xact_tuples_updated(oid) AS all
    FROM pg_class WHERE oid = to_regclass('jobs')
""")


def test_the_steps_within_a_run_touch_no_index(engine: Engine, conn: Connection) -> None:
    job = new_job()
    accept(conn, [job])
    held = claim(conn, job.id, "worker", timedelta(seconds=30))
    assert held is not None
    with engine.execution_options(isolation_level="READ COMMITTED").begin() as one:
        before = one.execute(_UPDATES).one()
        for state in (JobState.ANALYZING, JobState.GRADING):
            for progress in (0.1, 0.2):
                advance(one, held, state, JobStage.MEASURING, progress, "On the way.")
        after = one.execute(_UPDATES).one()
    assert (after.hot - before.hot, after.all - before.all) == (4, 4)
