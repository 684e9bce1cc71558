"""Jobs of speaking that hear a scripted model, from the recording to the stored result."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection
from structlog.testing import capture_logs

from grading.store.erasure import erase_job
from grading.store.jobs import cancel_job
from tests.integration.providers.fault_table import FAULTS
from tests.integration.providers.job_desk import ANSWERED, ASKED, KEY, SAID
from tests.integration.providers.played import played
from tests.integration.providers.speaking_desk import SPEECH, SpeakingDesk
from tests.integration.providers.wire_faults import FaultCase
from tests.stack.evidence import shown
from tests.stack.postgres import Database
from tests.stack.provider.server import Provider
from tests.stack.waiting import until

#: One of each sort: the decision on all of them is the same as for writing.
_NAMES = (
    "429 for seconds", "500", "out of money", "401", "dropped", "cut off", "refusal", "no JSON",
    "a score", "made up", "no choices",
)  # fmt: skip
CASES = [case for case in FAULTS if case.name in _NAMES]
RETRIES = 1

_STORED = ("jobs", "runs", "events", "provider_calls", "provider_answers")


@pytest.fixture
def desk(
    database: Database, conn: Connection, provider: Provider, tmp_path: Path
) -> Iterator[SpeakingDesk]:
    made = SpeakingDesk(database, conn, provider)
    made.folder = tmp_path / "recordings"
    yield made
    made.close()


@pytest.fixture
def nothing_told(desk: SpeakingDesk, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No log and no row holds a word of what was said, asked and answered, or the key."""
    caplog.set_level(logging.DEBUG)
    with capture_logs() as events:
        yield
    log = [logging.Formatter().format(record) for record in caplog.get_records("call")]
    assert events
    assert log
    rows = [desk.database.rows(f"SELECT * FROM {table}") for table in _STORED]  # noqa: S608
    for place in (repr(rows), repr(events), repr(log)):
        for word in (ANSWERED, ASKED, SAID, KEY):
            assert word not in place


def test_a_recording_is_graded_by_what_was_measured_and_what_a_model_saw(
    desk: SpeakingDesk,
) -> None:
    job_id = desk.submit_recording()
    desk.run_to_end(desk.listening_worker(), job_id)
    assert desk.job(job_id)["state"] == "completed"
    [call] = desk.provider.chat.calls
    assert shown(call) == SPEECH
    result = desk.result(job_id)
    assert result.provenance.grader == "llm-speaking"
    assert result.absent == ()
    assert result.feedback is not None
    [rewrite] = result.feedback.rewrites
    assert rewrite.moment is not None
    assert rewrite.moment.text in SPEECH
    [kept] = desk.database.rows("SELECT stage FROM provider_answers")
    assert kept["stage"] == "evidence"
    erase_job(desk.conn, job_id)
    assert desk.database.rows("SELECT * FROM provider_answers") == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.usefixtures("nothing_told")
def test_a_fault_ends_a_job_of_speaking_as_one_of_writing(
    desk: SpeakingDesk, case: FaultCase
) -> None:
    job_id = desk.submit_recording()
    with played(case, desk) as url:
        worker = desk.listening_worker(
            url, grading_max_retries=RETRIES, **case.settings(desk.prefix)
        )
        waits = desk.run_to_end(worker, job_id)
    job = desk.job(job_id)
    retryable = case.fault.retryable
    reason = "retries_exhausted" if retryable else "provider_failed"
    calls = 1 + RETRIES if retryable else 1
    assert (job["state"], job["error_reason"]) == ("failed", reason)
    assert (job["run"], job["retries"]) == (calls, calls - 1)
    assert job["error_message"].startswith(f"{case.fault.code}: ")
    assert desk.outcomes(job_id) == [case.fault.code] * calls
    assert len(desk.provider.chat.calls) == calls * case.requests
    if case.wait is not None:
        assert waits == [pytest.approx(case.wait[0], abs=0.001)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_with_a_fallback_no_fault_keeps_a_recording_from_its_result(
    desk: SpeakingDesk, case: FaultCase
) -> None:
    job_id = desk.submit_recording()
    with played(case, desk) as url:
        worker = desk.listening_worker(
            url, grading_max_retries=0, grading_fallback="embedded", **case.settings(desk.prefix)
        )
        desk.run_to_end(worker, job_id)
    assert desk.job(job_id)["state"] == "completed"
    provenance = desk.result(job_id).provenance
    assert (provenance.grader, provenance.fallback) == ("embedded-speaking", case.fault.code)


def test_evidence_is_paid_for_once_though_a_run_is_lost(desk: SpeakingDesk) -> None:
    job_id = desk.submit_recording()
    second = {"openai_second_model": "another"}
    chat = desk.provider.chat
    with chat.hold(lambda call: call.model == "another") as gate:
        with desk.running(desk.listening_worker(**second), job_id):
            gate.await_held(1)
            until(lambda: desk.database.rows("SELECT stage FROM provider_answers"))
            desk.lapse(job_id)
        assert desk.job(job_id)["state"] == "retrying"
    desk.let_pass()
    desk.run_to_end(desk.listening_worker(**second), job_id)
    assert (desk.job(job_id)["state"], desk.job(job_id)["run"]) == ("completed", 2)
    first, other = desk.result(job_id).provenance.models
    assert (first.recalled, other.recalled) == (True, False)
    assert sum(1 for call in chat.calls if call.model != "another") == 1


def test_a_cancelled_job_stops_its_call(desk: SpeakingDesk) -> None:
    job_id = desk.submit_recording()
    chat = desk.provider.chat
    with desk.running(desk.listening_worker(), job_id), chat.hold() as gate:
        gate.await_held(1)
        cancel_job(desk.conn, job_id)
        assert chat.await_ended(chat.calls[0]).hung_up
    assert desk.job(job_id)["state"] == "cancelled"
    assert desk.database.rows("SELECT * FROM results") == []
