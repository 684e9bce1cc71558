"""The keeper and the janitor: what no job wants is erased, row and bytes, whoever dies between."""

from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from grading.recordings import Recordings
from grading.store.acceptance import accept
from grading.store.engine import make_async_engine
from grading.store.erasure import erase_job
from grading.store.jobs import cancel_job
from grading.store.recordings import announce_recording, condemn_recordings
from server.janitor import Janitor
from server.recording_keeper import RecordingKeeper
from server.store import Store
from tests.stack.postgres import Database
from tests.stack.recordings import (
    CONTENT,
    files_left,
    let_expire,
    new_recording,
    recordings_of,
    rows_left,
    stored,
)
from tests.stack.submissions import new_job, talk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


@pytest.fixture
def recordings(database: Database, folder: Path) -> Recordings:
    return recordings_of(database, folder)


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    made = Store(make_async_engine(database.settings(), "tests-keeper"))
    yield made
    await made.close()


@pytest.fixture
def keeper(store: Store, recordings: Recordings) -> RecordingKeeper:
    return RecordingKeeper(store, recordings)


def _kept(conn: Connection, recordings: Recordings) -> UUID:
    """A recording with its bytes."""
    recording = stored(conn)
    recordings.keep(f"uploads/{recording}", BytesIO(CONTENT))
    return recording


async def test_a_sweep_erases_what_has_expired(
    keeper: RecordingKeeper, conn: Connection, recordings: Recordings, database: Database,
    folder: Path,
) -> None:  # fmt: skip
    wanted, expired = _kept(conn, recordings), _kept(conn, recordings)
    accept(conn, [new_job(work=talk(wanted))])
    assert await keeper.sweep(10) == 0
    let_expire(conn)
    assert await keeper.sweep(10) == 1
    assert rows_left(database) == [wanted]
    assert files_left(folder) == [f"uploads/{wanted}"]
    assert await keeper.sweep(10) == 0
    assert expired != wanted


async def test_a_sweep_takes_no_more_than_it_may(
    keeper: RecordingKeeper, conn: Connection, recordings: Recordings, folder: Path
) -> None:
    for _ in range(5):
        _kept(conn, recordings)
    let_expire(conn)
    assert [await keeper.sweep(2) for _ in range(4)] == [2, 2, 1, 0]
    assert files_left(folder) == []


async def test_what_was_given_up_is_gone_at_once_but_for_a_job_that_names_it(
    keeper: RecordingKeeper, conn: Connection, recordings: Recordings, database: Database,
    folder: Path,
) -> None:  # fmt: skip
    recording = _kept(conn, recordings)
    job = new_job(work=talk(recording))
    accept(conn, [job])
    await keeper.give_up(recording)
    assert files_left(folder) == [f"uploads/{recording}"]
    erase_job(conn, job.id)
    await keeper.give_up(recording)
    assert (rows_left(database), files_left(folder)) == ([], [])


async def test_a_server_that_dies_after_the_job_was_erased_leaves_it_to_the_next_sweep(
    keeper: RecordingKeeper, conn: Connection, recordings: Recordings, database: Database,
    folder: Path,
) -> None:  # fmt: skip
    job = new_job(work=talk(_kept(conn, recordings)))
    accept(conn, [job])
    erase_job(conn, job.id)
    assert await keeper.sweep(10) == 1
    assert (rows_left(database), files_left(folder)) == ([], [])


async def test_a_server_that_dies_before_the_bytes_were_erased_does_too(
    keeper: RecordingKeeper, conn: Connection, recordings: Recordings, database: Database,
    folder: Path,
) -> None:  # fmt: skip
    recording = _kept(conn, recordings)
    assert condemn_recordings(conn, [recording]) == [f"uploads/{recording}"]
    assert files_left(folder) == [f"uploads/{recording}"]
    assert await keeper.sweep(10) == 1
    assert (rows_left(database), files_left(folder)) == ([], [])


async def test_a_server_that_dies_before_it_forgets_what_it_erased_does_too(
    keeper: RecordingKeeper, conn: Connection, recordings: Recordings, database: Database
) -> None:
    recording = _kept(conn, recordings)
    [key] = condemn_recordings(conn, [recording])
    recordings.erase(key)
    assert await keeper.sweep(10) == 1
    assert rows_left(database) == []


async def test_an_upload_that_broke_off_is_swept_with_its_pieces(
    keeper: RecordingKeeper, conn: Connection, database: Database, folder: Path
) -> None:
    recording = new_recording()
    announce_recording(conn, recording)
    piece = folder / f"{recording.key}#1"
    piece.parent.mkdir()
    piece.write_bytes(CONTENT[:100])
    let_expire(conn)
    assert await keeper.sweep(10) == 1
    assert (rows_left(database), files_left(folder)) == ([], [])


async def test_a_store_out_of_reach_keeps_what_is_to_be_erased_for_later(
    store: Store, conn: Connection, recordings: Recordings, database: Database, folder: Path
) -> None:
    recording = _kept(conn, recordings)
    let_expire(conn)
    elsewhere = folder.parent / "a file"
    away = recordings_of(database, elsewhere)
    # Its folder is no folder any more.
    elsewhere.rmdir()
    elsewhere.touch()
    assert await RecordingKeeper(store, away).sweep(10) == 0
    assert rows_left(database) == [f"uploads/{recording}"]
    assert await RecordingKeeper(store, recordings).sweep(10) == 1
    assert (rows_left(database), files_left(folder)) == ([], [])


async def test_retention_takes_the_recording_with_the_answer(
    store: Store, keeper: RecordingKeeper, conn: Connection, recordings: Recordings,
    database: Database, folder: Path,
) -> None:  # fmt: skip
    old, young = (new_job(work=talk(_kept(conn, recordings))) for _ in range(2))
    accept(conn, [old, young])
    for job in (old, young):
        cancel_job(conn, job.id)
    conn.execute(
        text("UPDATE jobs SET ended_at = ended_at - interval '1 h' WHERE id = :id"), {"id": old.id}
    )
    janitor = Janitor(store, timedelta(days=30), timedelta(minutes=30), keeper)
    assert await janitor.sweep() == 2
    assert [row["job_id"] for row in database.rows("SELECT job_id FROM answers")] == [young.id]
    assert len(rows_left(database)) == len(files_left(folder)) == 1
    assert await janitor.sweep() == 0
