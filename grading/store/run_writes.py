"""What a run writes: events of its job, and in the end how it came out.

Every write says ``WHERE id = … AND run = …``: ``run`` is the fencing token. A
worker that was frozen past its lease finds no row and stops; it can't write over
the worker that took the job since. The writes of many runs share one statement,
and so one transaction.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from grading.domain.job import JobStage, JobState
from grading.domain.result import NotAssessable, Outcome
from grading.domain.review import NO_REVIEW, Routing
from grading.store.documents import outcome_to_json, result_to_json
from grading.store.records import Claim, Failure, ResultSummary


@dataclass(frozen=True, slots=True)
class Report:
    """An event to be written."""

    state: JobState
    stage: JobStage
    #: None: as far as the run was.
    progress: float | None
    message: str
    outcome: ResultSummary | Failure | None = None


@dataclass(frozen=True, slots=True)
class Graded:
    """What a run that came to a result leaves behind."""

    result: Outcome
    grading_duration: timedelta
    routing: Routing = NO_REVIEW
    #: Shown to nobody before its review.
    held_back: bool = False


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run came out."""

    #: Of the run: ``completed``, ``failed``, ``postponed`` or ``released``.
    outcome: str
    report: Report
    failure: Failure | None = None
    #: Until the job is taken again; None where this was its last run.
    wait: timedelta | None = None
    #: Whether the run uses up a retry.
    counts: bool = False
    graded: Graded | None = None


@dataclass(frozen=True, slots=True)
class RunWrite:
    """Some reports of a run, and its end where it is over."""

    held: Claim
    reports: tuple[Report, ...] = ()
    end: RunEnd | None = None


def graded_end(graded: Graded) -> RunEnd:
    """The job is COMPLETED, or waits for its review."""
    if graded.held_back:
        report = Report(
            JobState.REVIEW_REQUIRED, JobStage.REVIEWING, 1.0, "Graded; an examiner looks at it."
        )
    else:
        gist = ResultSummary.of(graded.result)
        report = Report(JobState.COMPLETED, JobStage.ENDED, 1.0, "Graded.", gist)
    return RunEnd("completed", report, graded=graded)


def failed_end(failure: Failure) -> RunEnd:
    """The job ends without a result."""
    report = Report(JobState.FAILED, JobStage.ENDED, None, "Failed.", failure)
    return RunEnd("failed", report, failure)


def retried_end(failure: Failure, wait: timedelta) -> RunEnd:
    """The job is taken again after ``wait``; uses up a retry.

    The wait stands in the job's row, where it survives everything; the reaper puts
    the job back into the outbox when it is over.
    """
    report = Report(
        JobState.RETRYING, JobStage.WAITING, None, "A passing fault; the job will be retried."
    )
    return RunEnd("failed", report, failure, wait, counts=True)


def postponed_end(failure: Failure, wait: timedelta) -> RunEnd:
    """The job is taken again after ``wait``, since it can't go on now; uses up no retry."""
    report = Report(JobState.RETRYING, JobStage.WAITING, None, "The job waits; it will go on.")
    return RunEnd("postponed", report, failure, wait)


def released_end() -> RunEnd:
    """The job is given back at once, as a worker that is shut down does; uses up no retry."""
    report = Report(
        JobState.RETRYING, JobStage.WAITING, None, "The worker shuts down; another takes over."
    )
    return RunEnd("released", report, wait=timedelta())


# Result, state and events stand or fall together. The primary key of "results"
# makes a second result impossible, whatever else went wrong. The array of ids leads
# to the rows through the primary keys, however many the planner expects.
_WRITE = text("""
    WITH write AS (
        SELECT * FROM json_to_recordset(CAST(:writes AS json)) AS w (
            job_id uuid, run integer, state text, progress float8, events json,
            outcome text, retries integer, wait interval, ended boolean,
            error_reason text, error_message text, run_reason text, run_message text,
            score numeric, band text, document text, grading_duration interval, audit boolean,
            review_priority text, review_reasons text[]
        )
    ),
    moved AS (
        UPDATE jobs
        SET state = write.state, progress = coalesce(write.progress, jobs.progress),
            last_sequence = last_sequence + json_array_length(write.events),
            feed_key = greatest(feed_key, current_feed_key()),
            retries = jobs.retries + write.retries,
            lease_expires_at = CASE WHEN write.outcome IS NULL THEN lease_expires_at END,
            next_run_at = now() + write.wait, updated_at = now(),
            ended_at = CASE WHEN write.ended THEN now() END,
            error_reason = write.error_reason, error_message = write.error_message,
            review_priority = write.review_priority, review_reasons = write.review_reasons
        FROM write
        WHERE id = ANY(ARRAY(SELECT job_id FROM write))
          AND id = write.job_id AND jobs.run = write.run
          AND jobs.state IN ('processing', 'analyzing', 'grading')
        RETURNING jobs.id, jobs.run, jobs.progress, jobs.feed_key,
                  last_sequence - json_array_length(write.events) AS before
    ),
    run AS (
        UPDATE runs
        SET ended_at = now(), outcome = write.outcome, error_reason = write.run_reason,
            error_message = write.run_message
        FROM moved
        JOIN write ON write.job_id = moved.id
        WHERE runs.job_id = ANY(ARRAY(SELECT id FROM moved))
          AND runs.job_id = moved.id AND runs.run = moved.run AND write.outcome IS NOT NULL
    ),
    result AS (
        INSERT INTO results (
            job_id, run, score, band, document, grading_duration, created_at, audit
        )
        SELECT id, moved.run, score, band, CAST(document AS jsonb), grading_duration, now(), audit
        FROM moved
        JOIN write ON write.job_id = moved.id
        WHERE document IS NOT NULL
    ),
    event AS (
        INSERT INTO events (
            job_id, sequence, run, state, stage, progress, message, outcome, created_at, feed_key
        )
        SELECT moved.id, before + place, moved.run, event ->> 'state', event ->> 'stage',
               coalesce(CAST(event ->> 'progress' AS float8), moved.progress),
               event ->> 'message', CAST(event ->> 'outcome' AS jsonb), now(), feed_key
        FROM moved
        JOIN write ON write.job_id = moved.id
        CROSS JOIN json_array_elements(events) WITH ORDINALITY AS e (event, place)
    )
    SELECT id, notify_job(id) FROM moved
""")


def write_runs(conn: Connection, writes: Sequence[RunWrite]) -> set[UUID]:
    """Write all of ``writes``, at most one of each run; gives the jobs that were still held.

    A job that isn't among them was taken from its run, and nothing of it was written.
    """
    document = json.dumps([_document(write) for write in writes])
    return {row.id for row in conn.execute(_WRITE, {"writes": document})}


def _document(write: RunWrite) -> dict[str, object]:
    end = write.end
    reports = write.reports if end is None else (*write.reports, end.report)
    told = [report.progress for report in reports if report.progress is not None]
    document: dict[str, object] = {
        "job_id": str(write.held.job_id),
        "run": write.held.run,
        "state": reports[-1].state.value,
        "progress": told[-1] if told else None,
        "events": [_event(report) for report in reports],
        "retries": 0,
        "ended": False,
        "review_reasons": [],
    }
    if end is None:
        return document
    document |= {
        "outcome": end.outcome,
        "retries": int(end.counts),
        "ended": end.wait is None and not (end.graded and end.graded.held_back),
        "wait": None if end.wait is None else _interval(end.wait),
    }
    if end.failure is not None:
        document |= {"run_reason": end.failure.reason.value, "run_message": end.failure.message}
        if end.wait is None:
            document |= {
                "error_reason": end.failure.reason.value,
                "error_message": end.failure.message,
            }
    return document if end.graded is None else document | _graded(end.graded)


def _event(report: Report) -> dict[str, object]:
    return {
        "state": report.state.value,
        "stage": report.stage.value,
        "progress": report.progress,
        "message": report.message,
        "outcome": None if report.outcome is None else outcome_to_json(report.outcome),
    }


def _graded(graded: Graded) -> dict[str, object]:
    routing = graded.routing
    return {
        **score_and_band(graded.result),
        "document": result_to_json(graded.result),
        "grading_duration": _interval(graded.grading_duration),
        "audit": routing.audit,
        "review_priority": routing.priority and routing.priority.value,
        "review_reasons": [reason.value for reason in routing.reasons],
    }


def score_and_band(result: Outcome) -> dict[str, str | None]:
    """The two columns that say what a result comes to; without values where nothing was graded."""
    if isinstance(result, NotAssessable):
        return {"score": None, "band": None}
    return {"score": str(result.score), "band": result.band.value}


def _interval(duration: timedelta) -> str:
    # Never with an exponent, which PostgreSQL doesn't read.
    return f"{duration.total_seconds():.6f} s"
