"""Listing jobs by filter, newest first, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, Text, cast, func, select, true, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from grading.domain.caller import DEFAULT_TENANT
from grading.domain.job import RUNNING, JobState
from grading.domain.work import Skill
from grading.store import tables
from grading.store.records import Job, job_from

#: How far the clock that made a job's id may be from PostgreSQL's, which tells when
#: it was accepted. Wide, since a job beyond it would be missing from a list by time.
CLOCKS_APART = timedelta(days=1)

#: The phase of the states in which a worker holds the job; every other state is its own.
_RUNNING_PHASE = "running"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_FIRST_ID = UUID(int=0)
_LAST_ID = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs of a tenant to list; another field that is None, or empty, does not filter."""

    user_id: str | None = None
    submission_id: str | None = None
    states: tuple[JobState, ...] = ()
    skill: Skill | None = None
    accepted_from: datetime | None = None
    accepted_before: datetime | None = None
    tenant: str = DEFAULT_TENANT


def list_jobs(
    conn: Connection, wanted: JobFilter, before: UUID | None, limit: int
) -> Sequence[Job]:
    """Read up to ``limit`` jobs, newest first, older than the job ``before``.

    Ids are UUIDs of version 7, so their order is the order of acceptance to the
    millisecond. A user's jobs, a submission's, and those of a skill and phase each
    lie in an index in that order, so a page costs about what it holds. Only what
    is asked beyond those is found by reading: one user's jobs of a state, say.
    """
    first, end = _span(wanted)
    if before is not None:
        end = min(end, before)
    if wanted.user_id is not None or wanted.submission_id is not None:
        query = _in_one_index(wanted, first, end, limit)
    else:
        query = _by_phase(wanted, first, end, limit)
    return [job_from(row) for row in conn.execute(query)]


def _in_one_index(wanted: JobFilter, first: UUID, end: UUID, limit: int) -> Select[Any]:
    """Of one user or submission."""
    jobs = tables.jobs.c
    query = select(tables.jobs).where(
        jobs.tenant == wanted.tenant, jobs.id >= first, jobs.id < end, *_conditions(wanted)
    )
    if wanted.user_id is not None:
        query = query.where(jobs.user_id == wanted.user_id)
    if wanted.submission_id is not None:
        query = query.where(jobs.submission_id == wanted.submission_id)
    if wanted.skill is not None:
        query = query.where(jobs.skill == wanted.skill.value)
    return query.order_by(jobs.id.desc()).limit(limit)


def _by_phase(wanted: JobFilter, first: UUID, end: UUID, limit: int) -> Select[Any]:
    """Of skills and phases, or of all: a page of each, and of those together the newest.

    All are read so, too: an index in the order of a tenant's ids alone would cost every
    accepted job and every run, and save no more than some hundred rows a page.
    """
    jobs = tables.jobs.c
    skills = [wanted.skill] if wanted.skill else list(Skill)
    phases = {_phase(state) for state in wanted.states or JobState}
    kinds = list(product([skill.value for skill in skills], sorted(phases)))
    kind = (
        func.unnest(
            cast([skill for skill, _ in kinds], ARRAY(Text)),
            cast([phase for _, phase in kinds], ARRAY(Text)),
        )
        .table_valued("skill", "phase", name="kind")
        .render_derived()
    )
    # Places are compared and ordered as a whole, and nothing else is said of the skill.
    # With "phase = … ORDER BY id" the planner may walk the primary key instead, as it
    # can't know that the newest hundred thousand are all in another phase; and with
    # "skill = …" beside the places the scan begins where the skill does.
    place = tuple_(jobs.skill, jobs.phase, jobs.tenant, jobs.id)
    page = (
        select(tables.jobs)
        .where(
            place >= tuple_(kind.c.skill, kind.c.phase, wanted.tenant, first),
            place < tuple_(kind.c.skill, kind.c.phase, wanted.tenant, end),
            *_conditions(wanted),
        )
        .order_by(jobs.skill.desc(), jobs.phase.desc(), jobs.tenant.desc(), jobs.id.desc())
        .limit(limit)
        .lateral("page")
    )
    return select(page).select_from(kind.join(page, true())).order_by(page.c.id.desc()).limit(limit)


def _conditions(wanted: JobFilter) -> list[ColumnElement[bool]]:
    """What each job that was found must meet besides."""
    jobs = tables.jobs.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.states:
        conditions.append(jobs.state.in_([state.value for state in wanted.states]))
    if wanted.accepted_from is not None:
        conditions.append(jobs.accepted_at >= wanted.accepted_from)
    if wanted.accepted_before is not None:
        conditions.append(jobs.accepted_at < wanted.accepted_before)
    return conditions


def _phase(state: JobState) -> str:
    """The state as the column ``phase`` has it."""
    return _RUNNING_PHASE if state in RUNNING else state.value


def _span(wanted: JobFilter) -> tuple[UUID, UUID]:
    """The ids that jobs accepted in the time asked for may have: from the first, below the end."""
    first, end = _FIRST_ID, _LAST_ID
    if wanted.accepted_from is not None:
        first = _id_at(wanted.accepted_from - _EPOCH - CLOCKS_APART)
    if wanted.accepted_before is not None:
        end = _id_at(wanted.accepted_before - _EPOCH + CLOCKS_APART)
    return first, end


def _id_at(since_1970: timedelta) -> UUID:
    """The smallest id of a moment; no id is of one before 1970."""
    return UUID(int=max(since_1970 // _MILLISECOND, 0) << 80)
