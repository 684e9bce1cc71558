"""Uploading a file: what is sent, what is sent again, and what a file does that can't be read."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from client.client import GradingClient
from client.errors import CallRefused
from client.upload import Upload
from tests.unit.client.conftest import Run
from tests.unit.client.scripted_server import JOB_ID, Refuse, ScriptedServer
from vstep.grading.v1 import grading_service_pb2 as service
from vstep.grading.v1.job_pb2 import JOB_STATE_QUEUED, Job

AUDIO_ID = "01970000-0000-7000-8000-00000000000a"
CONTENT = bytes(range(256)) * 800
STORED = service.UploadAudioResponse(audio_id=AUDIO_ID, size_bytes=len(CONTENT))
LOST = Refuse(grpc.StatusCode.UNAVAILABLE, "lost")


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    file = tmp_path / "answer.webm"
    file.write_bytes(CONTENT)
    return file


@pytest.fixture
def spoken(tmp_path: Path, recording: Path) -> list[str]:
    prompt = tmp_path / "prompt.txt"
    prompt.write_text("Talk about your street.\n")
    return ["submit", str(recording), "--part", "2", "--prompt-file", str(prompt)]


def _sent(messages: list[service.UploadAudioRequest]) -> bytes:
    first, *others = messages
    assert first.metadata.user_id == "u-1"
    assert first.metadata.size_bytes == len(CONTENT)
    assert first.metadata.sha256 == hashlib.sha256(CONTENT).digest()
    return b"".join(message.chunk for message in others)


def test_metadata_goes_before_the_bytes(
    server: ScriptedServer, client: GradingClient, recording: Path
) -> None:
    server.answers["UploadAudio"] = [STORED]
    assert client.upload(recording, user_id="u-1").audio_id == AUDIO_ID
    [messages] = server.requests
    assert _sent(messages) == CONTENT
    assert len(messages) == 5


def test_after_a_passing_fault_all_of_it_is_sent_again(
    server: ScriptedServer, client: GradingClient, recording: Path
) -> None:
    server.answers["UploadAudio"] = [LOST, LOST, STORED]
    client.upload(recording, user_id="u-1")
    assert [_sent(messages) for messages in server.requests] == [CONTENT] * 3


def test_a_refusal_for_good_is_not_repeated(
    server: ScriptedServer, client: GradingClient, recording: Path
) -> None:
    refused = Refuse(
        grpc.StatusCode.INVALID_ARGUMENT, "no audio", "ERROR_REASON_AUDIO_NOT_RECOGNIZED"
    )
    server.answers["UploadAudio"] = [refused]
    with pytest.raises(CallRefused) as error:
        client.upload(recording, user_id="u-1")
    assert error.value.reason == "ERROR_REASON_AUDIO_NOT_RECOGNIZED"
    assert len(server.requests) == 1


def test_a_deadline_of_its_own(server: ScriptedServer, recording: Path) -> None:
    server.answers["UploadAudio"] = [Refuse(grpc.StatusCode.UNAVAILABLE, retry_after=2), STORED]
    with GradingClient(server.address, deadline=1) as client:
        assert client.upload(recording, user_id="u-1", deadline=10).audio_id == AUDIO_ID


def test_a_file_that_cannot_be_read_is_not_sent(
    server: ScriptedServer, client: GradingClient, tmp_path: Path
) -> None:
    for place in (tmp_path, tmp_path / "nowhere.wav"):
        with pytest.raises(OSError, match=r"directory"):
            client.upload(place, user_id="u-1")
    assert server.requests == []


def test_a_file_that_breaks_while_it_is_sent_is_told_as_such(
    server: ScriptedServer,
    client: GradingClient,
    recording: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = Upload.messages

    def breaking(upload: Upload) -> Iterator[service.UploadAudioRequest]:
        for count, message in enumerate(whole(upload)):
            if count == 3:
                raise OSError(5, "Input/output error")
            yield message

    monkeypatch.setattr(Upload, "messages", breaking)
    # The service has the checksum, and less than it speaks of.
    server.answers["UploadAudio"] = [Refuse(grpc.StatusCode.INVALID_ARGUMENT, "checksum")]
    with pytest.raises(OSError, match="Input/output error"):
        client.upload(recording, user_id="u-1")
    assert len(server.requests) == 1


def test_the_command_uploads_and_submits(
    server: ScriptedServer, run: Run, spoken: list[str]
) -> None:
    server.answers["UploadAudio"] = [STORED]
    server.answers["SubmitJob"] = [
        service.SubmitJobResponse(job=Job(id=JOB_ID, state=JOB_STATE_QUEUED))
    ]
    assert run(*spoken, "--user", "u-1", "--requirement", "Say where it is") == 0
    messages, request = server.requests
    assert _sent(messages) == CONTENT
    assert request.speaking.audio_id == AUDIO_ID
    assert (request.speaking.part, request.user_id) == (2, "u-1")
    assert request.prompt.text == "Talk about your street."
    assert list(request.prompt.requirements) == ["Say where it is"]


def test_the_command_sends_an_address_as_it_is(
    server: ScriptedServer, run: Run, spoken: list[str]
) -> None:
    server.answers["SubmitJob"] = [service.SubmitJobResponse(job=Job(id=JOB_ID))]
    spoken[1] = "https://media.example.org/answer.webm"
    assert run(*spoken) == 0
    [request] = server.requests
    assert request.speaking.audio_url == spoken[1]


@pytest.mark.parametrize("place", ["nowhere.wav", "."])
def test_the_command_names_a_file_that_cannot_be_read(
    place: str,
    server: ScriptedServer,
    run: Run,
    spoken: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    spoken[1] = place
    assert run(*spoken) == 2
    assert f"can't read {place}" in capsys.readouterr().err
    assert server.requests == []


@pytest.mark.parametrize("both", [[], ["--task", "1", "--part", "2"]])
def test_the_command_wants_a_task_or_a_part(
    both: list[str], run: Run, spoken: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    del spoken[2:4]
    assert run(*spoken, *both) == 2
    assert "'--task' / '--part'" in capsys.readouterr().err


def test_the_command_tells_why_a_recording_is_refused(
    server: ScriptedServer, run: Run, spoken: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers["UploadAudio"] = [
        Refuse(
            grpc.StatusCode.INVALID_ARGUMENT,
            "chunk: must be those of a WAV",
            "ERROR_REASON_AUDIO_NOT_RECOGNIZED",
        )
    ]
    assert run(*spoken) != 0
    assert "must be those of a WAV" in capsys.readouterr().err
