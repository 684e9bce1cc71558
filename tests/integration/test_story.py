"""A job's story: all that happened to it, in the command's words, and nothing of its text."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, text

from client.cli.command import main
from grading.domain.job import JobStage, JobState
from grading.domain.retry import RetryPolicy
from grading.domain.usage import ModelUse, Usage
from grading.store import runs
from grading.store.acceptance import accept
from grading.store.outbox import mark_sent, take_unsent
from grading.store.provider_answers import KeptAnswer, ProviderCall, record_call
from grading.store.reaping import reap_lapsed_leases, release_due_retries
from grading.store.records import Claim, Failure, FailureReason
from tests.stack.postgres import Database
from tests.stack.scripted_grader import RESULT
from tests.stack.submissions import new_job

MARKER = "Zanzibar"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
LEASE = timedelta(seconds=30)

Explain = Callable[..., str]


@pytest.fixture
def explain(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Explain:
    """The command, which must go well; gives what it wrote."""
    monkeypatch.setenv("DATABASE_URL", database.url)

    def run(job_id: UUID, *options: str) -> str:
        assert main(["explain", str(job_id), *options]) == 0
        written = capsys.readouterr()
        assert written.err == ""
        return written.out

    return run


def _accepted(conn: Connection) -> UUID:
    job = new_job(text=f"{MARKER} is an island.")
    traced = replace(job, tenant="school", traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
    accept(conn, [traced])
    return job.id


def _claimed(conn: Connection, job_id: UUID, worker: str) -> Claim:
    held = runs.claim(conn, job_id, worker, LEASE)
    assert held is not None
    return held


def _asked(conn: Connection, held: Claim, outcome: str, *, answered: bool) -> None:
    usage = Usage(1200, 300, 100) if answered else None
    cost = Decimal("0.0125") if answered else None
    answer = KeptAnswer("model-1", f"{MARKER} it says", usage, cost) if usage else None
    call = ProviderCall(
        "evidence", "abc123", "llm.example.org", "model", outcome, timedelta(seconds=2.5),
        usage, cost, answer,
    )  # fmt: skip
    record_call(conn, held.job_id, held.run, call)


def _lived(engine: Engine, conn: Connection) -> UUID:
    """A job that lost a worker, met a fault, and was completed by its third run."""
    job_id = _accepted(conn)
    policy = RetryPolicy(3, timedelta(seconds=300))
    _claimed(conn, job_id, "worker-1")
    conn.execute(text("UPDATE jobs SET lease_expires_at = now() - interval '1 second'"))
    with engine.execution_options(isolation_level="READ COMMITTED").begin() as moving:
        reap_lapsed_leases(moving, policy, 10)
    conn.execute(text("UPDATE jobs SET next_run_at = now()"))
    second = _claimed(conn, job_id, "worker-2")
    _asked(conn, second, "rate_limited", answered=False)
    runs.retry_run(conn, second, Failure(FailureReason.TRANSIENT, "status 429"), timedelta())
    third = _claimed(conn, job_id, "worker-3")
    _asked(conn, third, "answered", answered=True)
    runs.advance(conn, third, JobState.ANALYZING, JobStage.MEASURING, 0.5, "Measuring.")
    use = ModelUse("evidence", "model-1", "evidence-1.0", "abc123", Usage(1200, 300, 100), None)
    made = replace(RESULT.provenance, models=(use,), calibration="marks-2026 1a2b")
    runs.settle(conn, third, replace(RESULT, provenance=made), timedelta(seconds=4))
    return job_id


def test_the_whole_story_is_on_one_screen(
    engine: Engine, conn: Connection, explain: Explain
) -> None:
    job_id = _lived(engine, conn)
    shown = explain(job_id)
    lines = shown.splitlines()
    assert lines[0] == f"Job {job_id}: COMPLETED"
    assert f"Trace {TRACE}" in lines
    assert any(line.startswith("Accepted ") and " left" in line for line in lines)
    for parts in (
        ("1", "worker-1", "lost", "worker_lost: the lease ran out"),
        ("2", "worker-2", "failed", "transient: status 429"),
        ("3", "worker-3", "completed"),
        ("2", "evidence", "llm.example.org", "model", "rate_limited", "2.500 s"),
        ("3", "evidence", "answered", "1200+300 tokens, 100 cached", "$0.0125"),
        ("evidence", "model-1", "abc123", "by the run that asked"),
        ("Result of run 3", "6.5 B2", "grading took 4.000 s"),
        ("Made by scripted 1, rubric 1, features 1, calibration marks-2026 1a2b",),
        ("evidence of model-1: asked as evidence-1.0",),
        ("Accepted; waiting for a worker.",),
        ("The worker was lost; the job will be taken again.",),
    ):
        assert any(all(part in line for part in parts) for line in lines), (parts, shown)
    assert len(lines) < 50
    assert MARKER not in shown
    assert "island" not in shown


def test_the_story_as_json_holds_all_of_it(
    engine: Engine, conn: Connection, explain: Explain
) -> None:
    job_id = _lived(engine, conn)
    shown = explain(job_id, "--json")
    story: dict[str, Any] = json.loads(shown)
    assert (story["job"]["id"], story["job"]["state"]) == (str(job_id), "completed")
    assert [event["sequence"] for event in story["events"]] == list(
        range(1, story["job"]["last_sequence"] + 1)
    )
    assert [run["outcome"] for run in story["runs"]] == ["lost", "failed", "completed"]
    assert [(call["run"], call["outcome"], call["cost"]) for call in story["calls"]] == [
        (2, "rate_limited", None),
        (3, "answered", 0.0125),
    ]
    assert story["result"]["provenance"]["models"][0]["prompt_version"] == "evidence-1.0"
    assert story["message"] is None
    assert MARKER not in shown
    assert "payload_hash" not in shown


def test_a_job_that_waits_says_for_what(engine: Engine, conn: Connection, explain: Explain) -> None:
    job_id = _accepted(conn)
    assert "Wants a worker of writing: not sent yet, sends: 0" in explain(job_id)
    with engine.execution_options(isolation_level="READ COMMITTED").begin() as sending:
        mark_sent(sending, take_unsent(sending, "writing", 1))
    assert "sends: 1" in explain(job_id)
    held = _claimed(conn, job_id, "worker-1")
    shown = explain(job_id)
    assert "Held until " in shown
    assert "still at it" in shown
    runs.retry_run(conn, held, Failure(FailureReason.TRANSIENT, "busy"), timedelta(seconds=60))
    shown = explain(job_id)
    assert "Taken again at " in shown
    assert "transient: busy" in shown
    conn.execute(text("UPDATE jobs SET next_run_at = now(), deadline_at = now() - interval '5 s'"))
    release_due_retries(conn, 1)
    assert " past it" in explain(job_id)


def test_what_is_not_there_is_said(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown = str(uuid4())
    monkeypatch.setenv("DATABASE_URL", database.url)
    assert main(["explain", unknown]) == 1
    assert capsys.readouterr().err == f"vstep-grading: there is no job {unknown}\n"
    monkeypatch.setenv("DATABASE_URL", "postgresql://vstep:hunter2@127.0.0.1:1/vstep")
    assert main(["explain", unknown]) == 1
    said = capsys.readouterr().err
    assert said == "vstep-grading: DATABASE_URL: the database can't be used with it\n"
    monkeypatch.delenv("DATABASE_URL")
    assert main(["explain", unknown]) == 2
    assert "DATABASE_URL: is not set" in capsys.readouterr().err
