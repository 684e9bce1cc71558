"""What there is of jobs and workers, counted for those who watch over the service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, text

from grading.domain.job import JobState
from grading.domain.work import Skill
from grading.store.allowances import spent_this_month
from grading.store.workers import SILENCE

# Each part is led by an index to what it counts, and none to what waits in the queue,
# which may be long: the outbox tells of that. Jobs in a worker's hands are those with a
# lease. Of the RETRYING ones some wait in the outbox again, and the others for their time.
_JOBS = text("""
    SELECT skill, state, count(*) AS jobs, 0 AS due
    FROM jobs
    WHERE lease_expires_at IS NOT NULL
    GROUP BY skill, state
    UNION ALL
    SELECT skill, phase, count(*), count(*) FILTER (WHERE next_run_at IS NULL)
    FROM jobs
    WHERE skill = ANY(CAST(:skills AS text[])) AND phase IN ('retrying', 'review_required')
    GROUP BY skill, phase
""")

_WORKERS = text("""
    SELECT queue, count(*) AS workers, sum(slots) AS slots
    FROM workers
    CROSS JOIN unnest(queues) AS queue
    WHERE seen_at > now() - :silence
    GROUP BY queue
""")

_SIZE = text("SELECT pg_database_size(current_database())")


@dataclass(frozen=True, slots=True)
class Census:
    """What there is at a moment, over all servers and workers."""

    #: Jobs that have not ended by skill and state, the QUEUED ones left out.
    jobs: Mapping[tuple[Skill, JobState], int]
    #: RETRYING jobs that are due, and wait in the outbox as the QUEUED ones do.
    due_retries: Mapping[Skill, int]
    #: Workers that were heard of lately, by the skill they take jobs of.
    workers: Mapping[Skill, int]
    #: How many jobs these grade at a time.
    slots: Mapping[Skill, int]
    #: What providers have cost in this calendar month (UTC), in US dollars.
    spent: Decimal
    database_bytes: int


def take_census(conn: Connection, skills: Sequence[Skill]) -> Census:
    """Count what there is of ``skills``."""
    jobs: dict[tuple[Skill, JobState], int] = {}
    due: dict[Skill, int] = {}
    for row in conn.execute(_JOBS, {"skills": [skill.value for skill in skills]}):
        skill, state = Skill(row.skill), JobState(row.state)
        jobs[skill, state] = row.jobs
        if state is JobState.RETRYING:
            due[skill] = row.due
    workers = {row.queue: row for row in conn.execute(_WORKERS, {"silence": SILENCE})}
    return Census(
        jobs,
        due,
        {skill: workers[skill].workers for skill in skills if skill in workers},
        {skill: int(workers[skill].slots) for skill in skills if skill in workers},
        spent_this_month(conn),
        int(conn.scalar(_SIZE) or 0),
    )
