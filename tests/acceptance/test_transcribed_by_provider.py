"""The product's speaking worker with a key: a recording goes in, and a provider transcribes it."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from grpc import StatusCode

from tests.stack.door import Door, Watcher
from tests.stack.process import session_members
from tests.stack.provider.errors import server_error
from tests.stack.provider.server import Provider
from tests.stack.provider.transcriptions import HEARD, heard
from tests.stack.recorded_submission import submit_answer
from tests.stack.stack import EMBEDDED, Stack, Worker
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.job_pb2 import JOB_STATE_CANCELLED, JOB_STATE_COMPLETED, Job
from vstep.grading.v1.result_pb2 import CRITERION_PRONUNCIATION, Result

#: Processes that measure load models before they begin.
PATIENCE = 100.0


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider that knows what is said in the demo's recording."""
    with Provider() as started:
        started.transcriptions.choose = lambda _: heard()
        yield started


@pytest.fixture
def asking(stack: Stack, provider: Provider, tmp_path: Path) -> Stack:
    """A stack whose workers have the provider transcribe."""
    stack.settings |= {
        "STT_API_KEY": "key",
        "STT_BASE_URL": provider.url,
        "STT_PRICE_PER_MINUTE": "0.006",
        "GRADING_AUDIO_URL": f"file://{tmp_path / 'recordings'}",
        "GRADING_MEASURING_PROCESSES": "1",
    }
    return stack


def _speaking_worker(stack: Stack, **settings: str) -> Worker:
    return stack.start_worker(EMBEDDED, concurrency=4, queues="speaking", **settings)


def _job(door: Door, job_id: str) -> Job:
    return door.grading.GetJob(messages.GetJobRequest(job_id=job_id)).job


def _result(door: Door, job_id: str) -> Result:
    return door.grading.GetResult(messages.GetResultRequest(job_id=job_id)).result


def _told(watcher: Watcher) -> list[str]:
    return [event.message for event in watcher.events]


def test_a_recording_is_transcribed_by_the_provider_and_graded(
    asking: Stack, provider: Provider
) -> None:
    server = asking.start_server()
    _speaking_worker(asking)
    job_id = submit_answer(server)
    watcher = server.door.watch(job_id)
    assert watcher.wait(PATIENCE).code is StatusCode.OK
    assert _job(server.door, job_id).state == JOB_STATE_COMPLETED
    assert _told(watcher)[2:] == [
        "Decoding the recording",
        "Having 50 seconds transcribed",
        "Listening to the sounds",
        "Applying the rubric",
        "Graded.",
    ]
    progress = [event.progress for event in watcher.events]
    assert progress == sorted(progress)

    result = _result(server.door, job_id)
    assert 6.0 <= result.score <= 9.5
    assert CRITERION_PRONUNCIATION in {item.criterion for item in result.criteria}
    assert not result.absent_criteria
    told = json.loads(HEARD.read_text())
    assert " ".join(word.text for word in result.transcript.words) == told["text"]
    assert result.transcript.engine == "whisper-1 127.0.0.1"
    assert not result.transcript.HasField("language_confidence")
    assert result.audio.seconds == pytest.approx(50.1, abs=0.1)
    [use] = result.provenance.models
    assert (use.stage, use.model, use.audio_seconds) == ("transcription", "whisper-1", 51)
    assert use.cost == pytest.approx(0.0051)
    assert result.provenance.fallback == ""

    [call] = provider.transcriptions.calls
    sent = call.form.files["file"]
    assert sent.content.startswith(b"fLaC")
    # Samples of 16 bit, 16,000 a second, would take 1.6 MB.
    assert 400_000 < len(sent.content) < 1_200_000


def test_a_transcript_is_paid_once_though_its_worker_is_killed(
    asking: Stack, provider: Provider
) -> None:
    server = asking.start_server()
    worker = _speaking_worker(asking)
    job_id = submit_answer(server)
    watcher = server.door.watch(job_id)
    until(lambda: "Listening to the sounds" in _told(watcher), PATIENCE)
    assert asking.database.rows("SELECT stage FROM provider_answers") == [
        {"stage": "transcription"}
    ]
    worker.kill()
    _speaking_worker(asking)

    assert watcher.wait(PATIENCE).code is StatusCode.OK
    job = _job(server.door, job_id)
    assert (job.state, job.run, job.retries) == (JOB_STATE_COMPLETED, 2, 1)
    assert _result(server.door, job_id).provenance.models[0].recalled
    assert len(provider.transcriptions.calls) == 1
    [spent] = asking.database.rows("SELECT cost::float AS cost FROM spending")
    assert spent["cost"] == pytest.approx(0.0051)


def test_a_provider_that_fails_is_stood_in_for_here(asking: Stack, provider: Provider) -> None:
    provider.transcriptions.choose = lambda _: server_error()
    server = asking.start_server()
    _speaking_worker(asking, GRADING_FALLBACK="embedded", GRADING_MAX_RETRIES="0")
    job_id = submit_answer(server)
    watcher = server.door.watch(job_id)
    assert watcher.wait(PATIENCE).code is StatusCode.OK
    assert "Transcribing 50 seconds" in _told(watcher)
    result = _result(server.door, job_id)
    assert result.provenance.fallback == "server_fault"
    assert result.transcript.engine.startswith("whisper-base")
    assert len(result.transcript.words) > 100
    assert not result.provenance.models


def test_a_cancelled_job_stops_its_call_and_a_worker_that_shuts_down_ends_its_processes(
    asking: Stack, provider: Provider
) -> None:
    server = asking.start_server()
    worker = _speaking_worker(asking)
    with provider.transcriptions.hold() as gate:
        cancelled = submit_answer(server)
        gate.await_held(1, PATIENCE)
        stopped_at = time.monotonic()
        server.door.grading.CancelJob(messages.CancelJobRequest(job_id=cancelled))
        call = provider.transcriptions.await_ended(provider.transcriptions.calls[0])
        assert call.hung_up
        assert call.ended_at is not None
        assert call.ended_at - stopped_at < 2
    assert _job(server.door, cancelled).state == JOB_STATE_CANCELLED

    job_id = submit_answer(server)
    watcher = server.door.watch(job_id)
    until(lambda: "Listening to the sounds" in _told(watcher), PATIENCE)
    worker.signal(signal.SIGTERM)
    # What is measured takes longer than that.
    assert worker.wait(15) == 0
    until(lambda: not session_members(worker.pid), 5)
    assert _job(server.door, job_id).retries == 0
    assert "job_given_back" in worker.output()
