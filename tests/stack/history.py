"""What holds of a job's rows whatever was done to it."""

from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from grading.domain.job import RUNNING, TERMINAL, JobState, may_follow

_STORED = text("""
    SELECT jobs.*, CAST(jobs.feed_key AS text) AS key,
           outbox.job_id IS NOT NULL AS in_outbox, outbox.sent_at IS NOT NULL AS sent,
           (SELECT json_agg(json_build_object(
                       'sequence', sequence, 'state', state, 'run', run,
                       'key', CAST(CAST(feed_key AS text) AS bigint)) ORDER BY sequence)
            FROM events WHERE job_id = jobs.id) AS events,
           (SELECT json_agg(runs ORDER BY run) FROM runs WHERE job_id = jobs.id) AS runs,
           (SELECT json_agg(results) FROM results WHERE job_id = jobs.id) AS results
    FROM jobs LEFT JOIN outbox ON outbox.job_id = jobs.id
    ORDER BY jobs.id
""")


def stored_jobs(conn: Connection) -> dict[UUID, dict[str, Any]]:
    """Every job with its log, its runs, its results and its outbox row."""
    return {row["id"]: dict(row) for row in conn.execute(_STORED).mappings()}


def check_history(job: dict[str, Any]) -> None:
    """Check what every transaction must leave behind."""
    events, runs, results = job["events"], job["runs"] or [], job["results"] or []
    state = JobState(job["state"])

    assert [event["sequence"] for event in events] == list(range(1, job["last_sequence"] + 1))
    keys = [event["key"] for event in events]
    assert keys == sorted(keys)
    assert keys[-1] == int(job["key"])
    states = [JobState(event["state"]) for event in events]
    assert (states[0], states[-1]) == (JobState.QUEUED, state)
    for earlier, later in pairwise(states):
        # Progress within a state, and the flag of a job that is delayed.
        assert may_follow(earlier, later) or (earlier == later and earlier not in TERMINAL)

    assert [run["run"] for run in runs] == list(range(1, job["run"] + 1))
    unended = [run["run"] for run in runs if run["ended_at"] is None]
    assert unended == ([job["run"]] if state in RUNNING else [])
    assert all((run["ended_at"] is None) == (run["outcome"] is None) for run in runs)
    assert (job["lease_expires_at"] is not None) == (state in RUNNING)
    assert job["next_run_at"] is None or state is JobState.RETRYING
    assert (job["ended_at"] is not None) == (state in TERMINAL)

    kept = state is JobState.COMPLETED or job["late"]
    assert [result["run"] for result in results] == ([job["run"]] if kept else [])
