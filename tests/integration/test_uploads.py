"""Taking uploads in, where it goes wrong between the last byte and the answer."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from hashlib import sha256
from pathlib import Path
from typing import IO

import pytest
from sqlalchemy import Connection

from grading.recordings import Recordings
from grading.store.engine import make_async_engine
from grading.store.recordings import condemn_recordings
from server import uploads
from server.exceptions import StoreUnavailable, UploadStalled
from server.recording_keeper import RecordingKeeper
from server.store import Store
from server.uploads import Uploads
from tests.stack.postgres import Database
from tests.stack.recordings import (
    CONTENT,
    KEEP,
    files_left,
    let_expire,
    recordings_of,
    rows_left,
)
from vstep.grading.v1.grading_service_pb2 import AudioMetadata, UploadAudioRequest

METADATA = UploadAudioRequest(metadata=AudioMetadata(user_id="learner-1"))
WHOLE = (METADATA, UploadAudioRequest(chunk=CONTENT))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    made = Store(make_async_engine(database.settings(), "tests-uploads"))
    yield made
    await made.close()


@pytest.fixture
def kept_in(store: Store, database: Database, folder: Path) -> Uploads:
    return _uploads(store, recordings_of(database, folder))


def _uploads(store: Store, recordings: Recordings, quiet_seconds: float = 30.0) -> Uploads:
    return Uploads(store, recordings, 1_000_000, KEEP, quiet_seconds)


async def _coming(
    messages: Iterable[UploadAudioRequest], then: float = 0.0
) -> AsyncIterator[UploadAudioRequest]:
    """Messages, and the end of the stream ``then`` seconds later."""
    for message in messages:
        yield message
    await asyncio.sleep(then)


class Gated(Recordings):
    """Waits at a gate before it keeps anything: a store that takes its time."""

    def __init__(self, inner: Recordings) -> None:
        self._inner = inner
        self.reached = threading.Event()
        self.gate = threading.Event()

    def keep(self, key: str, content: IO[bytes]) -> None:
        self.reached.set()
        assert self.gate.wait(10)
        self._inner.keep(key, content)

    def erase(self, key: str) -> None:
        self._inner.erase(key)


async def _everything_is_erased(keeper: RecordingKeeper, conn: Connection) -> None:
    let_expire(conn)
    while await keeper.sweep(10):
        pass


async def test_a_whole_upload_is_stored(kept_in: Uploads, database: Database, folder: Path) -> None:
    taken = await kept_in.take_in(_coming(WHOLE))
    assert taken.sha256 == sha256(CONTENT).digest()
    assert (folder / taken.key).read_bytes() == CONTENT
    [row] = database.rows("SELECT * FROM recordings")
    assert (row["id"], row["user_id"], row["container"]) == (taken.id, "learner-1", "wav")
    assert row["size_bytes"] == len(CONTENT)
    assert row["wanted_until"] - row["stored_at"] == KEEP


async def test_an_upload_that_stalls_is_ended(
    store: Store, database: Database, folder: Path
) -> None:
    stalled = _uploads(store, recordings_of(database, folder), quiet_seconds=0.1)
    for messages in ((), WHOLE[:1], WHOLE):
        with pytest.raises(UploadStalled):
            await stalled.take_in(_coming(messages, then=5))
    assert (rows_left(database), files_left(folder)) == ([], [])


async def test_uploads_beyond_their_number_wait_for_a_turn(
    store: Store, database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "_AT_ONCE", 1)
    only_one = _uploads(store, recordings_of(database, folder), quiet_seconds=0.3)
    stalled = asyncio.ensure_future(only_one.take_in(_coming(WHOLE, then=5)))
    await asyncio.sleep(0.05)
    waiting = asyncio.ensure_future(only_one.take_in(_coming(WHOLE)))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    with pytest.raises(UploadStalled):
        await stalled
    taken = await waiting
    assert rows_left(database) == [taken.id]


async def test_a_call_that_is_cancelled_while_it_is_stored_leaves_nothing(
    store: Store, conn: Connection, database: Database, folder: Path
) -> None:
    slow = Gated(recordings_of(database, folder))
    call = asyncio.ensure_future(_uploads(store, slow).take_in(_coming(WHOLE)))
    assert await asyncio.to_thread(slow.reached.wait, 10)
    call.cancel()
    await asyncio.sleep(0.1)
    # The thread has the file still, and gets all of it.
    assert not call.done()
    slow.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await call
    [key] = files_left(folder)
    assert (folder / key).read_bytes() == CONTENT
    # Nobody can name it: it was never marked as stored.
    [row] = database.rows("SELECT stored_at FROM recordings")
    assert row["stored_at"] is None
    await _everything_is_erased(RecordingKeeper(store, slow), conn)
    assert (rows_left(database), files_left(folder)) == ([], [])


async def test_a_call_that_broke_off_leaves_nothing_at_all(
    kept_in: Uploads, database: Database, folder: Path
) -> None:
    """gRPC ends the messages of a call that was cancelled, and cancels it a moment later."""
    call = asyncio.ensure_future(kept_in.take_in(_coming(WHOLE)))
    await asyncio.sleep(0.01)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert (rows_left(database), files_left(folder)) == ([], [])


async def test_a_store_of_recordings_out_of_reach_is_unavailable(
    kept_in: Uploads, conn: Connection, database: Database, folder: Path
) -> None:
    folder.rmdir()
    folder.touch()
    with pytest.raises(StoreUnavailable):
        await kept_in.take_in(_coming(WHOLE))
    folder.unlink()
    await _everything_is_erased(RecordingKeeper(kept_in.store, kept_in.recordings), conn)
    assert rows_left(database) == []


async def test_an_upload_that_was_given_up_while_it_was_stored_is_not_there(
    store: Store, conn: Connection, database: Database, folder: Path
) -> None:
    slow = Gated(recordings_of(database, folder))
    call = asyncio.ensure_future(_uploads(store, slow).take_in(_coming(WHOLE)))
    assert await asyncio.to_thread(slow.reached.wait, 10)
    [row] = database.rows("SELECT id FROM recordings")
    condemn_recordings(conn, [row["id"]])
    slow.gate.set()
    with pytest.raises(StoreUnavailable):
        await call
    assert files_left(folder) == []
