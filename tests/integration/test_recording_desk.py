"""The worker's desk: a recording comes to hand as a file, is kept for the next run, and goes."""

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from grading.audio_hosts import read_audio_hosts
from grading.domain.audio import AudioProblem
from grading.domain.work import Work
from grading.exceptions import AudioRefused, TransientFault, WorkerStopping
from grading.recordings import Recordings
from grading.store.acceptance import accept
from grading.store.erasure import erase_job
from grading.store.recordings import find_unwanted
from grading.store.records import Claim
from grading.store.runs import release_run
from tests.stack.authority import Authority
from tests.stack.media_host import ADDRESS, MediaHost, Reply
from tests.stack.postgres import Database
from tests.stack.recordings import CONTENT, files_left, recordings_of, rows_left, stored
from tests.stack.submissions import new_job, talk
from workers.journal import Journal
from workers.recordings import RecordingDesk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


@pytest.fixture
def recordings(database: Database, folder: Path) -> Recordings:
    return recordings_of(database, folder)


@pytest.fixture
def journal(database: Database) -> Iterator[Journal]:
    made = Journal(database.make_engine(pool_size=1), timedelta(seconds=30))
    yield made
    made.close()


@pytest.fixture
def desk(
    recordings: Recordings, journal: Journal, media: MediaHost, authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> RecordingDesk:  # fmt: skip
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    hosts = read_audio_hosts(f"{ADDRESS}:{media.port}={ADDRESS}")
    return RecordingDesk(recordings, journal, hosts, 100_000, 5.0)


@pytest.fixture
def url(media: MediaHost) -> str:
    media.replies["/a.wav"] = Reply(CONTENT)
    return media.url("/a.wav", ADDRESS)


def _go_on() -> None:
    """As long as is wanted."""


def _claimed(conn: Connection, journal: Journal, work: Work) -> Claim:
    job = new_job(work=work)
    accept(conn, [job])
    return _claimed_again(journal, job.id)


def _claimed_again(journal: Journal, job_id: UUID) -> Claim:
    hold = journal.claim(job_id, "worker-1")
    assert hold is not None
    return hold.claim


def test_an_upload_comes_to_hand_and_goes(
    conn: Connection, journal: Journal, desk: RecordingDesk, recordings: Recordings
) -> None:
    recording = stored(conn)
    recordings.keep(f"uploads/{recording}", BytesIO(CONTENT))
    claim = _claimed(conn, journal, talk(recording))
    with desk.at_hand(claim, _go_on) as file:
        assert file.read_bytes() == CONTENT
        # Also for the processes that a worker has measure.
        other = subprocess.run(["cat", str(file)], capture_output=True, check=True)
        assert other.stdout == CONTENT
        # It has no name that would stay behind when this process is killed.
        assert "(deleted)" in str(file.readlink())
    assert not file.exists()


def test_what_was_fetched_is_there_for_the_next_run(
    conn: Connection, journal: Journal, desk: RecordingDesk, media: MediaHost, url: str,
    database: Database, folder: Path,
) -> None:  # fmt: skip
    claim = _claimed(conn, journal, talk(url))
    with desk.at_hand(claim, _go_on) as file:
        assert file.read_bytes() == CONTENT
    release_run(conn, claim)
    again = _claimed_again(journal, claim.job_id)
    assert (again.run, again.work) == (2, claim.work)
    with desk.at_hand(again, _go_on) as file:
        assert file.read_bytes() == CONTENT
    assert media.asked == ["/a.wav"]
    [row] = database.rows("SELECT * FROM recordings")
    assert (row["user_id"], row["container"]) == ("learner-1", "wav")
    assert row["size_bytes"] == len(CONTENT)
    assert files_left(folder) == [f"fetched/{row['id']}"] == [row["key"]]


def test_what_is_fetched_for_a_job_that_is_erased_meanwhile_is_swept(
    conn: Connection, journal: Journal, desk: RecordingDesk, url: str, database: Database
) -> None:
    claim = _claimed(conn, journal, talk(url))
    erase_job(conn, claim.job_id)
    with desk.at_hand(claim, _go_on):
        pass
    assert find_unwanted(conn, 10) == rows_left(database) != []


@pytest.mark.parametrize(
    "content", [b"<!doctype html><title>Log in</title>", b"\x1f\x8b\x08" + bytes(50), b""]
)
def test_what_an_address_gives_must_be_audio(
    content: bytes, conn: Connection, journal: Journal, desk: RecordingDesk, media: MediaHost,
    url: str, database: Database, folder: Path,
) -> None:  # fmt: skip
    media.replies["/a.wav"] = Reply(content)
    with (
        pytest.raises(AudioRefused) as refused,
        desk.at_hand(_claimed(conn, journal, talk(url)), _go_on),
    ):
        pass
    assert refused.value.problem is AudioProblem.UNDECODABLE
    assert (rows_left(database), files_left(folder)) == ([], [])


def test_an_address_that_may_not_be_fetched_from(
    conn: Connection, journal: Journal, desk: RecordingDesk
) -> None:
    claim = _claimed(conn, journal, talk("https://unlisted.test/a.wav"))
    with pytest.raises(AudioRefused) as refused, desk.at_hand(claim, _go_on):
        pass
    assert refused.value.problem is AudioProblem.UNREACHABLE


def test_a_recording_whose_bytes_are_gone_is_gone_for_good(
    conn: Connection, journal: Journal, desk: RecordingDesk
) -> None:
    claim = _claimed(conn, journal, talk(stored(conn)))
    with pytest.raises(AudioRefused) as refused, desk.at_hand(claim, _go_on):
        pass
    assert refused.value.problem is AudioProblem.UNREACHABLE


def test_a_store_out_of_reach_may_be_there_next_time(
    conn: Connection, journal: Journal, desk: RecordingDesk, folder: Path, url: str,
    database: Database,
) -> None:  # fmt: skip
    claim = _claimed(conn, journal, talk(url))
    folder.rmdir()
    folder.touch()
    with pytest.raises(TransientFault), desk.at_hand(claim, _go_on):
        pass
    conn.execute(text("UPDATE recordings SET wanted_until = now() - interval '1 s'"))
    assert find_unwanted(conn, 10) == rows_left(database) != []


def test_a_worker_that_shuts_down_fetches_no_further(
    conn: Connection, journal: Journal, desk: RecordingDesk, url: str, database: Database
) -> None:
    def stop() -> None:
        raise WorkerStopping

    with pytest.raises(WorkerStopping), desk.at_hand(_claimed(conn, journal, talk(url)), stop):
        pass
    assert rows_left(database) == []


def test_what_a_grader_raises_is_its_own(
    conn: Connection, journal: Journal, desk: RecordingDesk, url: str
) -> None:
    """No fault of the store, though it is an OSError."""
    with (
        pytest.raises(ChildProcessError),
        desk.at_hand(_claimed(conn, journal, talk(url)), _go_on),
    ):
        raise ChildProcessError
