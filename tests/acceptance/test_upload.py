"""Uploading at the public door: what is taken in, what is refused, and what is left."""

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import pytest
from grpc import StatusCode

from client.client import GradingClient
from client.errors import CallRefused
from tests.stack.door import Door, Refused, assert_invalid, refusal
from tests.stack.recordings import files_left, rows_left
from tests.stack.stack import Server, Stack
from tests.stack.uploading import WAV, chunks, metadata, upload
from tests.stack.waiting import until
from tests.unit.speaking.conftest import samples
from tests.unit.speaking.encoding import FORMATS, Format, encode
from vstep.grading.v1.grading_service_pb2 import AudioMetadata, UploadAudioRequest

#: As ``standing_server`` has it.
LIMIT = 1_000_000
METHOD = "/vstep.grading.v1.GradingService/UploadAudio"


@pytest.fixture
def nothing_left(standing_stack: Stack, door: Door) -> Iterator[None]:
    """Whatever is refused or breaks off leaves no row and no file."""
    before = _left(standing_stack)
    yield
    until(lambda: _left(standing_stack) == before, seconds=5)


def _left(stack: Stack) -> tuple[list[Any], list[str]]:
    return rows_left(stack.database), files_left(stack.recordings)


def _refused(door: Door, messages: Iterable[UploadAudioRequest]) -> Refused:
    return refusal(lambda: door.grading.UploadAudio(iter(messages), timeout=30))


@pytest.mark.parametrize("size", [1000, 1023, 65_536, 204_800, 1 << 20])
def test_the_bytes_come_in_chunks_of_any_size(size: int, door: Door, standing_stack: Stack) -> None:
    answer = upload(door, WAV, size=size)
    assert answer.size_bytes == len(WAV)
    assert answer.sha256 == sha256(WAV).digest()
    [row] = standing_stack.database.rows(
        "SELECT * FROM recordings WHERE id = %s", UUID(answer.audio_id)
    )
    assert (row["user_id"], row["size_bytes"], row["container"]) == ("learner-1", len(WAV), "wav")
    assert row["sha256"] == answer.sha256
    assert (standing_stack.recordings / row["key"]).read_bytes() == WAV


def test_a_byte_at_a_time_is_slow_and_right(door: Door) -> None:
    assert upload(door, WAV[:1500], size=1).sha256 == sha256(WAV[:1500]).digest()


def test_nothing_need_be_known_of_the_bytes(door: Door) -> None:
    """As while recording."""
    answer = door.grading.UploadAudio(iter((metadata(), *chunks(WAV))))
    assert (answer.size_bytes, answer.sha256) == (len(WAV), sha256(WAV).digest())


def test_empty_chunks_are_nothing(door: Door) -> None:
    empty = UploadAudioRequest(chunk=b"")
    messages = [metadata(WAV), empty, *chunks(WAV[:100_000]), empty, *chunks(WAV[100_000:]), empty]
    assert door.grading.UploadAudio(iter(messages)).size_bytes == len(WAV)


@pytest.mark.parametrize("made", FORMATS, ids=lambda item: item.name)
def test_every_format_is_accepted(made: Format, door: Door, standing_stack: Stack) -> None:
    audio_id = upload(door, encode(samples(0.3), made)).audio_id
    [row] = standing_stack.database.rows(
        "SELECT container FROM recordings WHERE id = %s", UUID(audio_id)
    )
    by_name = {"mp4": "mov", "webm": "matroska"}
    assert row["container"] == by_name.get(made.container, made.container)


def test_the_largest_is_accepted(door: Door) -> None:
    largest = WAV.ljust(LIMIT, b"\0")
    assert upload(door, largest).size_bytes == LIMIT


def test_repeating_it_stores_another(door: Door) -> None:
    assert upload(door).audio_id != upload(door).audio_id


def test_uploads_run_side_by_side(door: Door) -> None:
    contents = [WAV + bytes([number]) * 1000 for number in range(8)]
    turn = threading.Barrier(len(contents))

    def send(content: bytes) -> tuple[str, bytes]:
        def messages() -> Iterator[UploadAudioRequest]:
            yield metadata(content)
            for chunk in chunks(content, 50_000):
                turn.wait(10)
                yield chunk

        answer = door.grading.UploadAudio(messages(), timeout=30)
        return answer.audio_id, answer.sha256

    with ThreadPoolExecutor(len(contents)) as pool:
        answers = list(pool.map(send, contents))
    assert [digest for _, digest in answers] == [sha256(one).digest() for one in contents]
    assert len({audio_id for audio_id, _ in answers}) == len(contents)


def test_the_call_has_a_name_and_a_line_in_the_log(door: Door, standing_server: Server) -> None:
    name = "the-upload-of-this-test"
    _, call = door.grading.UploadAudio.with_call(
        iter((metadata(WAV), *chunks(WAV))), metadata=(("x-request-id", name),)
    )
    assert ("x-request-id", name) in call.trailing_metadata()
    [line] = [one for one in standing_server.output().splitlines() if name in one]
    assert METHOD in line and '"OK"' in line


@pytest.mark.usefixtures("nothing_left")
class TestRefused:
    """None of these leaves anything."""

    @pytest.mark.parametrize(
        ("messages", "field"),
        [
            ([], "metadata"),
            ([*chunks(WAV)], "metadata"),
            ([*chunks(WAV), metadata(WAV)], "metadata"),
            ([metadata(WAV), metadata(WAV), *chunks(WAV)], "metadata"),
            ([metadata(WAV), *chunks(WAV), metadata(WAV)], "metadata"),
            ([UploadAudioRequest()], "piece"),
            ([metadata(WAV), UploadAudioRequest(), *chunks(WAV)], "piece"),
            ([metadata(WAV, "")], "metadata.user_id"),
            ([metadata(WAV, "người học")], "metadata.user_id"),
            ([metadata(WAV, "a b")], "metadata.user_id"),
            ([metadata(WAV, "x" * 129)], "metadata.user_id"),
            (
                [UploadAudioRequest(metadata=AudioMetadata(user_id="u", sha256=b"short"))],
                "metadata.sha256",
            ),
            (
                [UploadAudioRequest(metadata=AudioMetadata(user_id="u", size_bytes=-1))],
                "metadata.size_bytes",
            ),
            ([metadata(), UploadAudioRequest(chunk=bytes((1 << 20) + 1))], "chunk"),
        ],
    )
    def test_messages_that_break_a_rule(
        self, messages: list[UploadAudioRequest], field: str, door: Door
    ) -> None:
        assert_invalid(_refused(door, messages), field)

    def test_bytes_that_are_no_message(self, door: Door) -> None:
        call: Any = door.channel.stream_unary(METHOD)
        user = AudioMetadata(user_id="u").SerializeToString().replace(b"u", b"\xff")
        broken = b"\x0a" + bytes([len(user)]) + user
        assert_invalid(
            refusal(lambda: call(iter([broken]))),
            "metadata.user_id",
            reason="ERROR_REASON_MALFORMED_MESSAGE",
        )

    def test_a_message_larger_than_the_server_reads(self, door: Door) -> None:
        refused = _refused(door, (metadata(), UploadAudioRequest(chunk=bytes(5 << 20))))
        assert (refused.code, refused.reason) == (
            StatusCode.RESOURCE_EXHAUSTED,
            "ERROR_REASON_MESSAGE_TOO_LARGE",
        )

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"This is a text.\n" * 100,
            b"<!doctype html><title>Log in</title>" * 10,
            b"\x89PNG\r\n\x1a\n" + bytes(500),
            b"PK\x03\x04" + bytes(500),
            b"RIFF\x24\x00\x00\x00AVI " + bytes(500),
            b"RIFF",
        ],
        ids=["nothing", "text", "html", "png", "zip", "avi", "cut off"],
    )
    def test_what_is_no_audio(self, content: bytes, door: Door) -> None:
        refused = _refused(door, (metadata(content), *chunks(content)))
        assert_invalid(refused, "chunk", reason="ERROR_REASON_AUDIO_NOT_RECOGNIZED")

    def test_a_checksum_of_other_bytes(self, door: Door) -> None:
        damaged = WAV[:1000] + b"?" + WAV[1001:]
        refused = _refused(door, (metadata(WAV), *chunks(damaged)))
        assert_invalid(refused, "metadata.sha256", reason="ERROR_REASON_AUDIO_CHECKSUM_MISMATCH")

    @pytest.mark.parametrize("size", [len(WAV) - 1, len(WAV) + 1])
    def test_another_size_than_was_told(self, size: int, door: Door) -> None:
        told = UploadAudioRequest(metadata=AudioMetadata(user_id="u", size_bytes=size))
        refused = _refused(door, (told, *chunks(WAV)))
        assert_invalid(
            refused, "metadata.size_bytes", reason="ERROR_REASON_AUDIO_CHECKSUM_MISMATCH"
        )

    def test_a_size_that_is_too_large_is_not_waited_for(self, door: Door) -> None:
        done = threading.Event()

        def messages() -> Iterator[UploadAudioRequest]:
            yield UploadAudioRequest(metadata=AudioMetadata(user_id="u", size_bytes=LIMIT + 1))
            done.wait(20)

        refused = _refused(door, messages())
        done.set()
        assert_invalid(refused, "metadata.size_bytes", reason="ERROR_REASON_AUDIO_TOO_LARGE")
        assert refused.metadata["limit_bytes"] == str(LIMIT)

    def test_of_what_is_too_large_the_rest_is_not_read(self, door: Door) -> None:
        sent = 0

        def messages() -> Iterator[UploadAudioRequest]:
            nonlocal sent
            yield metadata()
            for chunk in chunks(WAV.ljust(50 * LIMIT, b"\0")):
                sent += len(chunk.chunk)
                yield chunk

        refused = _refused(door, messages())
        assert_invalid(refused, "chunk", reason="ERROR_REASON_AUDIO_TOO_LARGE")
        # What lay in buffers on the way was sent in vain.
        assert sent < 10 * LIMIT

    @pytest.mark.parametrize("known", [WAV, None], ids=["known", "unknown"])
    def test_a_client_that_cancels_half_way(self, known: bytes | None, door: Door) -> None:
        for _ in range(5):
            half_way, gone = threading.Event(), threading.Event()

            def messages(
                half_way: threading.Event = half_way, gone: threading.Event = gone
            ) -> Iterator[UploadAudioRequest]:
                yield metadata(known)
                yield from chunks(WAV[: len(WAV) // 2])
                half_way.set()
                gone.wait(10)

            call: Any = door.grading.UploadAudio.future(messages())
            assert half_way.wait(10)
            call.cancel()
            gone.set()
            assert call.code() is StatusCode.CANCELLED

    def test_a_client_whose_deadline_passes_half_way(self, door: Door) -> None:
        done = threading.Event()

        def messages() -> Iterator[UploadAudioRequest]:
            yield metadata()
            yield from chunks(WAV[: len(WAV) // 2])
            done.wait(10)

        refused = refusal(lambda: door.grading.UploadAudio(messages(), timeout=0.5))
        done.set()
        assert refused.code is StatusCode.DEADLINE_EXCEEDED

    def test_a_client_whose_connection_drops_half_way(self, standing_server: Server) -> None:
        own = Door(standing_server.door.address)
        half_way, gone = threading.Event(), threading.Event()

        def messages() -> Iterator[UploadAudioRequest]:
            yield metadata()
            yield from chunks(WAV[: len(WAV) // 2])
            half_way.set()
            gone.wait(10)

        call: Any = own.grading.UploadAudio.future(messages())
        assert half_way.wait(10)
        own.close()
        gone.set()
        with pytest.raises((grpc.RpcError, grpc.FutureCancelledError)):
            call.result(timeout=10)


def test_the_python_client_uploads_a_file(
    standing_server: Server, tmp_path: Path, standing_stack: Stack
) -> None:
    file = tmp_path / "answer.wav"
    file.write_bytes(WAV)
    with GradingClient(standing_server.door.address) as client:
        answer = client.upload(file, user_id="learner-7")
        assert (answer.size_bytes, answer.sha256) == (len(WAV), sha256(WAV).digest())
        file.write_bytes(b"This is a text.")
        with pytest.raises(CallRefused, match="chunk: must be those of a WAV, FLAC"):
            client.upload(file, user_id="learner-7")
        file.write_bytes(WAV.ljust(3 * LIMIT, b"\0"))
        with pytest.raises(CallRefused, match="1000000 bytes at most"):
            client.upload(file, user_id="learner-7")
    [row] = standing_stack.database.rows(
        "SELECT user_id FROM recordings WHERE id = %s", UUID(answer.audio_id)
    )
    assert row["user_id"] == "learner-7"
