"""Accepting work: durable, once, and many submissions in one transaction."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from grading.domain.job import JobState
from grading.exceptions import AttemptExists, RequestIdReused
from grading.store.records import Job, NewJob, job_from

# One statement, so one transaction: a job is there with its answer, its first
# event and its outbox row, or not at all. The UNIQUE indexes decide which
# submissions are new: ON CONFLICT waits for a concurrent transaction with the
# same key to end, then skips what that one stored. Submissions are inserted in
# the order of their request ids, so that two servers with the same ones in
# their batches wait for each other instead of deadlocking. One JSON parameter for
# the whole batch costs the driver a third of what an array for each column does.
_ACCEPT = text("""
    WITH submission AS (
        SELECT *
        FROM json_to_recordset(CAST(:submissions AS json)) AS s (
            id uuid, request_id uuid, payload_hash bytea, user_id text, submission_id text,
            attempt integer, skill text, writing_task smallint, time_allowed interval,
            retry_of uuid,
            prompt text, requirements jsonb, text text, feedback_language text
        )
    ),
    accepted AS (
        INSERT INTO jobs (
            id, request_id, payload_hash, user_id, submission_id, attempt, skill, writing_task,
            state, last_sequence, accepted_at, updated_at, deadline_at, retry_of
        )
        SELECT id, request_id, payload_hash, user_id, submission_id, attempt, skill, writing_task,
               'queued', 1, now(), now(), now() + time_allowed, retry_of
        FROM submission
        -- Ids only grow, so of two with the same request id the first stands.
        ORDER BY request_id, id
        ON CONFLICT DO NOTHING
        RETURNING id, skill, accepted_at, deadline_at
    ),
    answer AS (
        INSERT INTO answers (job_id, prompt, requirements, text, feedback_language)
        SELECT id, prompt, requirements, text, feedback_language FROM submission
        JOIN accepted USING (id)
    ),
    event AS (
        INSERT INTO events (job_id, sequence, run, state, stage, progress, message, created_at)
        SELECT id, 1, 0, 'queued', 'waiting', 0, 'Accepted; waiting for a worker.', now()
        FROM accepted
    ),
    message AS (
        INSERT INTO outbox (job_id, queue, accepted_at)
        SELECT id, skill, now() FROM accepted
    )
    SELECT id, accepted_at, deadline_at FROM accepted
""")

# Runs after _ACCEPT and therefore on a newer snapshot: it sees what the
# conflicting transaction committed.
_STANDING_IN_THE_WAY = text("""
    SELECT * FROM jobs WHERE request_id = ANY(CAST(:request_ids AS uuid[]))
    UNION
    SELECT jobs.*
    FROM jobs
    JOIN unnest(
        CAST(:user_ids AS text[]), CAST(:submission_ids AS text[]), CAST(:attempts AS integer[])
    ) AS s (user_id, submission_id, attempt) USING (user_id, submission_id, attempt)
""")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The job that now stands for a submission."""

    job: Job
    #: The job was there already, from an earlier submission with this request id.
    deduplicated: bool


def accept(
    conn: Connection, submissions: Sequence[NewJob]
) -> list[Accepted | RequestIdReused | AttemptExists]:
    """Store ``submissions`` durably and answer for each, in their order.

    A refusal of one doesn't touch the others. Must run in autocommit, so that
    each of the two statements is a transaction.
    """
    document = json.dumps([_document(job) for job in submissions])
    rows = conn.execute(_ACCEPT, {"submissions": document})
    times = {row.id: (row.accepted_at, row.deadline_at) for row in rows}
    refused = [job for job in submissions if job.id not in times]
    in_the_way: list[Job] = []
    if refused:
        found = conn.execute(
            _STANDING_IN_THE_WAY,
            {
                "request_ids": [job.request_id for job in refused],
                "user_ids": [job.user_id for job in refused],
                "submission_ids": [job.submission_id for job in refused],
                "attempts": [job.attempt for job in refused],
            },
        )
        in_the_way = [job_from(row) for row in found]
    by_request = {job.request_id: job for job in in_the_way}
    by_attempt = {(job.user_id, job.submission_id, job.attempt): job for job in in_the_way}

    def answer(job: NewJob) -> Accepted | RequestIdReused | AttemptExists:
        if job.id in times:
            return Accepted(_queued(job, *times[job.id]), deduplicated=False)
        earlier = by_request.get(job.request_id)
        if earlier is None:
            other = by_attempt.get((job.user_id, job.submission_id, job.attempt))
            if other is None:
                # What stood in the way was erased between the two statements.
                return accept(conn, [job])[0]
            return AttemptExists(job.submission_id, job.attempt, other.id)
        if earlier.payload_hash != job.payload_hash:
            return RequestIdReused(job.request_id, earlier.id)
        # The very same job was stored by this call's first try, whose answer was lost.
        return Accepted(earlier, deduplicated=earlier.id != job.id)

    return [answer(job) for job in submissions]


def _document(job: NewJob) -> dict[str, object]:
    return {
        "id": str(job.id),
        "request_id": str(job.request_id),
        "payload_hash": f"\\x{job.payload_hash.hex()}",
        "user_id": job.user_id,
        "submission_id": job.submission_id,
        "attempt": job.attempt,
        "skill": job.skill.value,
        "writing_task": int(job.work.task),
        "retry_of": None if job.retry_of is None else str(job.retry_of),
        "time_allowed": f"{job.time_allowed.total_seconds():.6f} s",
        "prompt": job.work.prompt.text,
        "requirements": job.work.prompt.requirements,
        "text": job.work.text,
        "feedback_language": job.work.feedback_language.value,
    }


def _queued(job: NewJob, accepted_at: datetime, deadline_at: datetime) -> Job:
    """The job as the statement has just stored it."""
    return Job(
        id=job.id,
        request_id=job.request_id,
        payload_hash=job.payload_hash,
        user_id=job.user_id,
        submission_id=job.submission_id,
        attempt=job.attempt,
        skill=job.skill,
        writing_task=job.work.task,
        state=JobState.QUEUED,
        progress=0,
        run=0,
        retries=0,
        last_sequence=1,
        accepted_at=accepted_at,
        updated_at=accepted_at,
        deadline_at=deadline_at,
        ended_at=None,
        failure=None,
        retry_of=job.retry_of,
    )
