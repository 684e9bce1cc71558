"""Servers that end in the middle of uploads: all of a recording is there, or nothing of it."""

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import grpc

from tests.stack.door import Door
from tests.stack.recordings import files_left, rows_left
from tests.stack.stack import Stack
from tests.stack.uploading import WAV, chunks, metadata, upload
from tests.stack.waiting import until
from vstep.grading.v1.grading_service_pb2 import UploadAudioRequest

LARGE = WAV * 20

_EXPIRE = "UPDATE recordings SET wanted_until = now() - interval '1 s'"
_STORED = "SELECT id, key FROM recordings WHERE stored_at IS NOT NULL ORDER BY key"


def test_a_server_that_is_killed_leaves_no_half_of_a_recording(
    stack: Stack, tmp_path: Path
) -> None:
    own = tmp_path / "temporary"
    own.mkdir()
    server = stack.start_server(TMPDIR=str(own))
    answered: list[str] = []
    stop = threading.Event()

    def keep_uploading(_: int) -> None:
        door = Door(server.door.address)
        with suppress(grpc.RpcError):
            while not stop.is_set():
                answered.append(upload(door, LARGE).audio_id)
        door.close()

    def stay_half_way() -> Iterator[UploadAudioRequest]:
        yield metadata()
        yield from chunks(LARGE[:2_000_000])
        stop.wait(20)

    with ThreadPoolExecutor(5) as pool:
        half = pool.submit(lambda: server.door.grading.UploadAudio(stay_half_way()))
        running = [pool.submit(keep_uploading, number) for number in range(4)]
        until(lambda: len(answered) > 8)
        server.kill()
        stop.set()
        for one in running:
            one.result()
        assert isinstance(half.exception(), grpc.RpcError)

    assert files_left(own) == []
    # Who was answered has a recording; what was stored without an answer is whole, too.
    known = {str(row["id"]): row["key"] for row in stack.database.rows(_STORED)}
    assert set(answered) <= set(known)
    for key in known.values():
        assert (stack.recordings / key).read_bytes() == LARGE

    stack.database.rows(f"{_EXPIRE} WHERE stored_at IS NULL")
    other = stack.start_server()
    until(lambda: files_left(stack.recordings) == sorted(known.values()))
    assert len(rows_left(stack.database)) == len(known)

    other.kill()
    stack.database.rows(_EXPIRE)
    stack.start_server()
    until(lambda: rows_left(stack.database) == [])
    assert files_left(stack.recordings) == []


def test_a_server_that_shuts_down_takes_in_what_is_under_way(stack: Stack) -> None:
    server = stack.start_server()
    half_way = threading.Event()
    go_on = threading.Event()

    def messages() -> Iterator[UploadAudioRequest]:
        yield metadata(WAV)
        yield from chunks(WAV[:100_000])
        half_way.set()
        go_on.wait(10)
        yield from chunks(WAV[100_000:])

    with ThreadPoolExecutor(1) as pool:
        uploading = pool.submit(lambda: server.door.grading.UploadAudio(messages(), timeout=30))
        assert half_way.wait(10)
        server.signal(signal.SIGTERM)
        until(lambda: server.door.status("") != 1)
        go_on.set()
        audio_id = uploading.result(timeout=20).audio_id
    assert server.wait(20) == 0
    assert [str(row["id"]) for row in stack.database.rows(_STORED)] == [audio_id]
