"""A job's whole story, for operators: all that the store knows of it but what anybody wrote.

What a learner wrote or said, what a model answered and what was asked are in none of the
columns that are read here, nor is the address of a recording, which may hold a key.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from grading.exceptions import JobNotFound
from grading.store.jobs import get_job
from grading.store.records import Job


@dataclass(frozen=True, slots=True)
class StoryEvent:
    """An entry of the job's log."""

    sequence: int
    at: datetime
    run: int
    state: str
    stage: str
    progress: float
    message: str
    delayed: bool


@dataclass(frozen=True, slots=True)
class StoryRun:
    """One time that a worker took the job."""

    run: int
    worker: str
    claimed_at: datetime
    #: None of one that still runs.
    ended_at: datetime | None
    outcome: str | None
    reason: str | None
    message: str | None


@dataclass(frozen=True, slots=True)
class StoryCall:
    """One call to a provider."""

    run: int
    stage: str
    provider: str
    model: str
    outcome: str
    prompt_tokens: int | None
    cached_tokens: int | None
    completion_tokens: int | None
    #: Seconds of sound that were transcribed.
    audio_seconds: float | None
    #: In US dollars; None where nothing was used up or the model has no price.
    cost: Decimal | None
    duration: timedelta
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class StoryAnswer:
    """An answer of a model that is kept for later runs of the job."""

    stage: str
    model: str
    prompt_hash: str
    kept_at: datetime


@dataclass(frozen=True, slots=True)
class StoryMessage:
    """What stands in the outbox: the job wants a worker."""

    queue: str
    #: When it was last given to the broker; None where it waits for that.
    sent_at: datetime | None
    #: How often it was.
    sends: int


@dataclass(frozen=True, slots=True)
class StoryRecording:
    """A recording, without where it lies or what is in it."""

    id: UUID
    container: str
    size_bytes: int
    created_at: datetime
    #: None where storing it was not finished.
    stored_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoryResult:
    """A result's making, and its score."""

    run: int
    created_at: datetime
    score: Decimal | None
    band: str | None
    late: bool
    audit: bool
    grading_duration: timedelta
    #: As the result's document has it: grader, versions, calibration, models.
    provenance: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Story:
    """A job's whole story."""

    job: Job
    #: Whose it is.
    tenant: str
    #: When it was told.
    now: datetime
    #: Until when the worker that holds it may be silent; None where nobody holds it.
    lease_expires_at: datetime | None
    events: tuple[StoryEvent, ...]
    runs: tuple[StoryRun, ...]
    calls: tuple[StoryCall, ...]
    answers: tuple[StoryAnswer, ...]
    message: StoryMessage | None
    recording: StoryRecording | None
    result: StoryResult | None


_MOMENT = text("SELECT now() AS now, tenant, lease_expires_at FROM jobs WHERE id = :job_id")

_EVENTS = text("""
    SELECT sequence, created_at AS at, run, state, stage, progress, message, delayed
    FROM events WHERE job_id = :job_id ORDER BY sequence
""")

_RUNS = text("""
    SELECT run, worker, claimed_at, ended_at, outcome, error_reason AS reason,
           error_message AS message
    FROM runs WHERE job_id = :job_id ORDER BY run
""")

_CALLS = text("""
    SELECT run, stage, provider, model, outcome, prompt_tokens, cached_tokens,
           completion_tokens, audio_seconds, cost, duration, ended_at
    FROM provider_calls WHERE job_id = :job_id ORDER BY id
""")

_ANSWERS = text("""
    SELECT stage, model, prompt_hash, created_at AS kept_at
    FROM provider_answers WHERE job_id = :job_id ORDER BY created_at
""")

_MESSAGE = text("SELECT queue, sent_at, sends FROM outbox WHERE job_id = :job_id")

_RECORDING = text("""
    SELECT recordings.id, container, size_bytes, created_at, stored_at
    FROM answers
    JOIN recordings ON recordings.id = answers.recording_id
    WHERE job_id = :job_id
""")

_RESULT = text("""
    SELECT run, created_at, score, band, late, audit, grading_duration,
           coalesce(document -> 'provenance', '{}') AS provenance
    FROM results WHERE job_id = :job_id
""")


def tell_story(conn: Connection, job_id: UUID) -> Story:
    """Read a job's whole story. To be called in a transaction of REPEATABLE READ.

    Raises:
        JobNotFound: there is no such job.
    """
    wanted = {"job_id": job_id}
    moment = conn.execute(_MOMENT, wanted).one_or_none()
    if moment is None:
        raise JobNotFound(job_id)
    job = get_job(conn, job_id, moment.tenant)

    def rows(query: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in conn.execute(query, wanted).mappings()]

    messages, recordings, results = rows(_MESSAGE), rows(_RECORDING), rows(_RESULT)
    return Story(
        job=job,
        tenant=moment.tenant,
        now=moment.now,
        lease_expires_at=moment.lease_expires_at,
        events=tuple(StoryEvent(**row) for row in rows(_EVENTS)),
        runs=tuple(StoryRun(**row) for row in rows(_RUNS)),
        calls=tuple(StoryCall(**row) for row in rows(_CALLS)),
        answers=tuple(StoryAnswer(**row) for row in rows(_ANSWERS)),
        message=StoryMessage(**messages[0]) if messages else None,
        recording=StoryRecording(**recordings[0]) if recordings else None,
        result=StoryResult(**results[0]) if results else None,
    )
