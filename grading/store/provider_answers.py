"""What models answered and what that cost, so that a job pays once however often it is run."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection, text

from grading.domain.usage import Usage


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A usable answer of a model, as it came."""

    #: The model that answered, as the provider names it.
    model: str
    content: str
    usage: Usage
    #: In US dollars; None where the model has no price.
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class ProviderCall:
    """One call, whatever came of it."""

    stage: str
    prompt_hash: str
    #: The host that was called.
    provider: str
    #: The model that was asked.
    model: str
    #: ``answered``, or the code of a fault.
    outcome: str
    duration: timedelta
    #: None where the provider did not tell.
    usage: Usage | None
    #: In US dollars; None where nothing was used up or the model has no price.
    cost: Decimal | None
    #: Where it was usable.
    answer: KeptAnswer | None = None


_RECALL = text("""
    SELECT model, content, prompt_tokens, cached_tokens, completion_tokens, audio_seconds, cost
    FROM provider_answers
    WHERE job_id = :job_id AND stage = :stage AND prompt_hash = :prompt_hash
""")

# The money is spent whether or not the job is still there. Its row is locked against
# erasure, which then takes along what was written here; where it is gone, nothing is.
# An answer that is there already could not be used, or was asked for at the same time.
_RECORD = text("""
    WITH job AS (
        SELECT id FROM jobs WHERE id = :job_id FOR KEY SHARE
    ),
    call AS (
        INSERT INTO provider_calls (
            job_id, run, stage, provider, model, outcome, prompt_tokens, cached_tokens,
            completion_tokens, audio_seconds, cost, duration, ended_at
        )
        SELECT id, :run, :stage, :provider, :model, :outcome, :prompt_tokens, :cached_tokens,
               :completion_tokens, :audio_seconds, :cost, :duration, now()
        FROM job
    ),
    answer AS (
        INSERT INTO provider_answers (
            job_id, stage, prompt_hash, model, content, prompt_tokens, cached_tokens,
            completion_tokens, audio_seconds, cost, created_at
        )
        SELECT id, :stage, :prompt_hash, :answered_by, :content, :prompt_tokens, :cached_tokens,
               :completion_tokens, :audio_seconds, :cost, now()
        FROM job
        WHERE CAST(:content AS text) IS NOT NULL
        ON CONFLICT (job_id, stage, prompt_hash) DO UPDATE
        SET model = excluded.model, content = excluded.content,
            prompt_tokens = excluded.prompt_tokens, cached_tokens = excluded.cached_tokens,
            completion_tokens = excluded.completion_tokens,
            audio_seconds = excluded.audio_seconds, cost = excluded.cost,
            created_at = excluded.created_at
    )
    INSERT INTO spending (month, cost)
    SELECT date_trunc('month', now() AT TIME ZONE 'utc'), CAST(:cost AS numeric)
    WHERE CAST(:cost AS numeric) > 0
    ON CONFLICT (month) DO UPDATE SET cost = spending.cost + excluded.cost
""")


def recall_answer(
    conn: Connection, job_id: UUID, stage: str, prompt_hash: str
) -> KeptAnswer | None:
    """What a model answered to an earlier run of the job that asked the same."""
    row = conn.execute(
        _RECALL, {"job_id": job_id, "stage": stage, "prompt_hash": prompt_hash}
    ).one_or_none()
    if row is None:
        return None
    usage = Usage(row.prompt_tokens, row.completion_tokens, row.cached_tokens, row.audio_seconds)
    return KeptAnswer(row.model, row.content, usage, row.cost)


def record_call(conn: Connection, job_id: UUID, run: int, call: ProviderCall) -> None:
    """Keep a call, its answer where it is usable, and what it cost, in one transaction.

    Not fenced: what was paid for is kept, whoever holds the job by now.
    """
    usage = call.usage
    conn.execute(
        _RECORD,
        {
            "job_id": job_id,
            "run": run,
            "stage": call.stage,
            "prompt_hash": call.prompt_hash,
            "provider": call.provider,
            "model": call.model,
            "outcome": call.outcome,
            "prompt_tokens": usage and usage.prompt,
            "cached_tokens": usage and usage.cached,
            "completion_tokens": usage and usage.completion,
            "audio_seconds": usage and usage.audio_seconds,
            "cost": call.cost,
            "duration": call.duration,
            "answered_by": call.answer and call.answer.model,
            "content": call.answer and call.answer.content,
        },
    )
