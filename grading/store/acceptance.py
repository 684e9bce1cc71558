"""Accepting work: durable, once, and many submissions in one transaction."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from psycopg.errors import ForeignKeyViolation
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from grading.domain.job import JobState
from grading.domain.work import (
    RecordingUrl,
    SpeakingSubmission,
    StoredRecording,
    Work,
    WritingWork,
)
from grading.exceptions import AttemptExists, RecordingNotFound, RequestIdReused
from grading.store.records import Job, NewJob, job_from

# One statement, so one transaction: a job is there with its answer, its first
# event and its outbox row, or not at all. The UNIQUE indexes decide which
# submissions are new: ON CONFLICT waits for a concurrent transaction with the
# same key to end, then skips what that one stored; and a key is one of its tenant's.
# It names no index, so that it holds whichever of them there are. Submissions are
# inserted in the order of their request ids, so that two servers with the same ones in
# their batches wait for each other instead of deadlocking. One JSON parameter for
# the whole batch costs the driver a third of what an array for each column does.
_ACCEPT = text("""
    WITH submission AS (
        SELECT *
        FROM json_to_recordset(CAST(:submissions AS json)) AS s (
            id uuid, traceparent text, request_id uuid, payload_hash bytea, user_id text,
            submission_id text, attempt integer, skill text, writing_task smallint,
            speaking_part smallint, time_allowed interval, retry_of uuid, prompt text,
            requirements jsonb, text text, feedback_language text, recording_id uuid,
            audio_url text, tenant text, labels jsonb
        )
    ),
    accepted AS (
        INSERT INTO jobs (
            id, traceparent, request_id, payload_hash, user_id, submission_id, attempt, skill,
            writing_task, speaking_part, state, last_sequence, accepted_at, updated_at,
            deadline_at, retry_of, tenant, labels
        )
        SELECT id, traceparent, request_id, payload_hash, user_id, submission_id, attempt, skill,
               writing_task, speaking_part, 'queued', 1, now(), now(),
               now() + time_allowed, retry_of, tenant, labels
        FROM submission
        -- A job without its recording could never be graded.
        WHERE recording_id IS NULL OR EXISTS (
            SELECT FROM recordings
            WHERE recordings.id = recording_id AND recordings.user_id = submission.user_id
              AND recordings.tenant = submission.tenant
              AND stored_at IS NOT NULL
        )
        -- Ids only grow, so of two with the same request id the first stands.
        ORDER BY request_id, tenant, id
        ON CONFLICT DO NOTHING
        RETURNING id, skill, accepted_at, deadline_at
    ),
    answer AS (
        INSERT INTO answers (
            job_id, prompt, requirements, text, feedback_language, recording_id, audio_url
        )
        SELECT id, prompt, requirements, text, feedback_language, recording_id, audio_url
        FROM submission
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
    SELECT jobs.*
    FROM jobs
    JOIN unnest(CAST(:request_ids AS uuid[]), CAST(:tenants AS text[])) AS r (request_id, tenant)
        USING (request_id, tenant)
    UNION
    SELECT jobs.*
    FROM jobs
    JOIN unnest(
        CAST(:tenants AS text[]), CAST(:user_ids AS text[]), CAST(:submission_ids AS text[]),
        CAST(:attempts AS integer[])
    ) AS s (tenant, user_id, submission_id, attempt)
        USING (tenant, user_id, submission_id, attempt)
""")


_RECORDING = text("""
    SELECT EXISTS (
        SELECT FROM recordings
        WHERE id = :id AND user_id = :user_id AND tenant = :tenant AND stored_at IS NOT NULL
    )
""")

#: Why a submission was not accepted.
Refused: TypeAlias = RequestIdReused | AttemptExists | RecordingNotFound


@dataclass(frozen=True, slots=True)
class Accepted:
    """The job that now stands for a submission."""

    job: Job
    #: The job was there already, from an earlier submission with this request id.
    deduplicated: bool


def accept(conn: Connection, submissions: Sequence[NewJob]) -> list[Accepted | Refused]:
    """Store ``submissions`` durably and answer for each, in their order.

    A refusal of one doesn't touch the others. Must run in autocommit, so that
    each of the two statements is a transaction.
    """
    document = json.dumps([_document(job) for job in submissions])
    try:
        rows = conn.execute(_ACCEPT, {"submissions": document}).all()
    except IntegrityError as error:
        if not _lost_its_recording(error):
            raise
        # It was there when the statement began. Now that it is seen to be gone, only the
        # submission that names it is refused.
        return accept(conn, submissions)
    times = {row.id: (row.accepted_at, row.deadline_at) for row in rows}
    refused = [job for job in submissions if job.id not in times]
    by_request: dict[tuple[str, UUID], Job] = {}
    by_attempt: dict[tuple[str, str, str, int], Job] = {}
    if refused:
        found = conn.execute(
            _STANDING_IN_THE_WAY,
            {
                "request_ids": [job.request_id for job in refused],
                "tenants": [job.tenant for job in refused],
                "user_ids": [job.user_id for job in refused],
                "submission_ids": [job.submission_id for job in refused],
                "attempts": [job.attempt for job in refused],
            },
        )
        for row in found:
            other = job_from(row)
            by_request[row.tenant, other.request_id] = other
            by_attempt[row.tenant, other.user_id, other.submission_id, other.attempt] = other

    def answer(job: NewJob) -> Accepted | Refused:
        if job.id in times:
            return Accepted(_queued(job, *times[job.id]), deduplicated=False)
        earlier = by_request.get((job.tenant, job.request_id))
        if earlier is None:
            other = by_attempt.get((job.tenant, job.user_id, job.submission_id, job.attempt))
            if other is None:
                recording = _recording_of(job)
                if recording is not None and not _has_recording(conn, job, recording):
                    return RecordingNotFound(recording)
                # What stood in the way was erased between the two statements.
                return accept(conn, [job])[0]
            return AttemptExists(job.submission_id, job.attempt, other.id)
        if earlier.payload_hash != job.payload_hash:
            return RequestIdReused(job.request_id, earlier.id)
        # The very same job was stored by this call's first try, whose answer was lost.
        return Accepted(earlier, deduplicated=earlier.id != job.id)

    return [answer(job) for job in submissions]


def _recording_of(job: NewJob) -> UUID | None:
    """The uploaded recording that a submission names."""
    if isinstance(job.work, SpeakingSubmission) and isinstance(job.work.recording, StoredRecording):
        return job.work.recording.id
    return None


def _lost_its_recording(error: IntegrityError) -> bool:
    """Whether a recording was erased while an answer that names it was written."""
    found = error.orig
    return (
        isinstance(found, ForeignKeyViolation)
        and found.diag.constraint_name == "answers_recording_id_fkey"
    )


def _has_recording(conn: Connection, job: NewJob, recording: UUID) -> bool:
    owner = {"user_id": job.user_id, "tenant": job.tenant}
    return bool(conn.scalar(_RECORDING, {"id": recording, **owner}))


def _document(job: NewJob) -> dict[str, object]:
    work = job.work
    recording = _recording_of(job)
    return {
        "id": str(job.id),
        "traceparent": job.traceparent,
        "request_id": str(job.request_id),
        "payload_hash": f"\\x{job.payload_hash.hex()}",
        "user_id": job.user_id,
        "submission_id": job.submission_id,
        "attempt": job.attempt,
        "skill": job.skill.value,
        "writing_task": job.writing_task,
        "speaking_part": job.speaking_part,
        "retry_of": None if job.retry_of is None else str(job.retry_of),
        "time_allowed": f"{job.time_allowed.total_seconds():.6f} s",
        "prompt": work.prompt.text,
        "requirements": work.prompt.requirements,
        "text": work.text if isinstance(work, WritingWork) else "",
        "feedback_language": work.feedback_language.value,
        "recording_id": None if recording is None else str(recording),
        "audio_url": _url_of(work),
        "tenant": job.tenant,
        "labels": dict(job.labels),
    }


def _url_of(work: Work) -> str | None:
    if isinstance(work, SpeakingSubmission) and isinstance(work.recording, RecordingUrl):
        return work.recording.url
    return None


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
        writing_task=job.writing_task,
        speaking_part=job.speaking_part,
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
        traceparent=job.traceparent,
        labels=job.labels,
    )
