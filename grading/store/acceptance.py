"""Accepting work: durable, once, and many submissions in one transaction."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from grading.exceptions import AttemptExists, RequestIdReused
from grading.store.records import Job, NewJob, job_from

# One statement, so one transaction: a job is there with its answer, its first
# event and its outbox row, or not at all. The UNIQUE indexes decide which
# submissions are new: ON CONFLICT waits for a concurrent transaction with the
# same key to end, then skips what that one stored. Submissions are inserted in
# the order of their request ids, so that two servers with the same ones in
# their batches wait for each other instead of deadlocking.
_ACCEPT = text("""
    WITH submission AS (
        SELECT *
        FROM unnest(
            CAST(:ids AS uuid[]), CAST(:request_ids AS uuid[]), CAST(:payload_hashes AS bytea[]),
            CAST(:user_ids AS text[]), CAST(:submission_ids AS text[]),
            CAST(:attempts AS integer[]), CAST(:skills AS text[]),
            CAST(:writing_tasks AS smallint[]), CAST(:times_allowed AS interval[]),
            CAST(:prompts AS text[]), CAST(:requirements AS jsonb[]), CAST(:texts AS text[])
        ) AS s (
            id, request_id, payload_hash, user_id, submission_id, attempt, skill, writing_task,
            time_allowed, prompt, requirements, text
        )
    ),
    accepted AS (
        INSERT INTO jobs (
            id, request_id, payload_hash, user_id, submission_id, attempt, skill, writing_task,
            state, last_sequence, accepted_at, updated_at, deadline_at
        )
        SELECT id, request_id, payload_hash, user_id, submission_id, attempt, skill, writing_task,
               'queued', 1, now(), now(), now() + time_allowed
        FROM submission
        ORDER BY request_id
        ON CONFLICT DO NOTHING
        RETURNING *
    ),
    answer AS (
        INSERT INTO answers (job_id, prompt, requirements, text)
        SELECT id, prompt, requirements, text FROM submission JOIN accepted USING (id)
    ),
    event AS (
        INSERT INTO events (job_id, sequence, run, state, stage, progress, message, created_at)
        SELECT id, 1, 0, 'queued', 'waiting', 0, 'Accepted; waiting for a worker.', now()
        FROM accepted
    ),
    message AS (
        INSERT INTO outbox (job_id, queue, created_at)
        SELECT id, skill, now() FROM accepted
    )
    SELECT * FROM accepted
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
    rows = conn.execute(_ACCEPT, _columns(submissions))
    accepted = {job.id: job for job in map(job_from, rows)}
    refused = [job for job in submissions if job.id not in accepted]
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
        if job.id in accepted:
            return Accepted(accepted[job.id], deduplicated=False)
        earlier = by_request.get(job.request_id)
        if earlier is None:
            other = by_attempt[job.user_id, job.submission_id, job.attempt]
            return AttemptExists(job.submission_id, job.attempt, other.id)
        if earlier.payload_hash != job.payload_hash:
            return RequestIdReused(job.request_id, earlier.id)
        return Accepted(earlier, deduplicated=True)

    return [answer(job) for job in submissions]


def _columns(submissions: Sequence[NewJob]) -> dict[str, list[object]]:
    return {
        "ids": [job.id for job in submissions],
        "request_ids": [job.request_id for job in submissions],
        "payload_hashes": [job.payload_hash for job in submissions],
        "user_ids": [job.user_id for job in submissions],
        "submission_ids": [job.submission_id for job in submissions],
        "attempts": [job.attempt for job in submissions],
        "skills": [job.skill.value for job in submissions],
        "writing_tasks": [int(job.work.task) for job in submissions],
        "times_allowed": [job.time_allowed for job in submissions],
        "prompts": [job.work.prompt.text for job in submissions],
        "requirements": [json.dumps(job.work.prompt.requirements) for job in submissions],
        "texts": [job.work.text for job in submissions],
    }
