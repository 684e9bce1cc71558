"""The store of recordings: a folder, and a bucket whose service is played."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from obstore.exceptions import BaseError

from grading.exceptions import RecordingGone, SettingsError
from grading.recordings import Recordings, open_recordings
from grading.settings import Settings
from tests.stack.bucket import SECRET, Bucket
from tests.stack.process import environment

KEY = "uploads/one"
CONTENT = bytes(range(256)) * 40_000

#: Writes into the folder that it is given, in parts, and is killed with half of it written.
_KILLED = """
import os, signal, sys, time
import obstore
from obstore.store import LocalStore

def parts():
    yield bytes(8_000_000)
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)

obstore.put(LocalStore(sys.argv[1], mkdir=True), "uploads/one", parts())
"""


#: Opens the store, and uses it in a child.
_FORKED = """
import os
from io import BytesIO
from grading.recordings import open_recordings
from grading.settings import load_settings

recordings = open_recordings(load_settings())
if child := os.fork():
    raise SystemExit(os.waitpid(child, 0)[1])
recordings.keep("uploads/one", BytesIO(b"of the child"))
"""

_REQUIRED = {"DATABASE_URL": "postgresql://localhost/x", "RABBITMQ_URL": "amqp://localhost"}


def _settings(url: str) -> Settings:
    others = {name.lower(): value for name, value in _REQUIRED.items()}
    return Settings.model_validate({**others, "grading_audio_url": url})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "with a space" / "100 %" / "thư mục"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    with Bucket() as served:
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)
        yield served


@pytest.fixture(params=["folder", "bucket"])
def recordings(request: pytest.FixtureRequest, folder: Path) -> Recordings:
    if request.param == "folder":
        return open_recordings(_settings(folder.as_uri()))
    request.getfixturevalue("bucket")
    return open_recordings(_settings("s3://recordings/some/prefix"))


def _fetched(recordings: Recordings, key: str = KEY) -> bytes:
    into = BytesIO()
    recordings.fetch(key, into)
    return into.getvalue()


def test_what_is_kept_comes_back(recordings: Recordings) -> None:
    recordings.keep(KEY, BytesIO(CONTENT))
    assert _fetched(recordings) == CONTENT


def test_it_is_kept_from_where_it_stands(recordings: Recordings) -> None:
    content = BytesIO(CONTENT)
    content.seek(1000)
    recordings.keep(KEY, content)
    assert _fetched(recordings) == CONTENT[1000:]


def test_the_last_one_of_a_key_stands(recordings: Recordings) -> None:
    recordings.keep(KEY, BytesIO(b"first"))
    recordings.keep(KEY, BytesIO(b"second"))
    assert _fetched(recordings) == b"second"


def test_what_is_erased_is_gone_however_often(recordings: Recordings) -> None:
    recordings.keep(KEY, BytesIO(CONTENT))
    recordings.keep("uploads/two", BytesIO(b"stays"))
    for _ in range(2):
        recordings.erase(KEY)
    with pytest.raises(RecordingGone):
        _fetched(recordings)
    assert _fetched(recordings, "uploads/two") == b"stays"


def test_a_folder_is_left_empty(folder: Path) -> None:
    recordings = open_recordings(_settings(folder.as_uri()))
    recordings.keep(KEY, BytesIO(CONTENT))
    assert [file.name for file in folder.rglob("*") if file.is_file()] == ["one"]
    recordings.erase(KEY)
    assert list(folder.iterdir()) == []
    assert folder.is_dir()


def test_a_process_that_dies_while_it_writes_leaves_nothing_that_is_not_erased(
    folder: Path,
) -> None:
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(folder)], timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    left = [file.name for file in folder.rglob("*") if file.is_file()]
    assert left == ["one#1"]
    recordings = open_recordings(_settings(folder.as_uri()))
    recordings.keep(f"{KEY}0", BytesIO(b"another's"))
    with pytest.raises(RecordingGone):
        _fetched(recordings)
    recordings.erase(KEY)
    assert [file.name for file in folder.rglob("*") if file.is_file()] == ["one0"]


def test_a_bucket_is_asked_under_its_prefix_and_signed_for(bucket: Bucket) -> None:
    open_recordings(_settings("s3://recordings/some/prefix")).keep(KEY, BytesIO(b"bytes"))
    assert bucket.objects == {f"some/prefix/{KEY}": b"bytes"}
    [signed] = bucket.signed
    assert signed.startswith("AWS4-HMAC-SHA256 Credential=tests/")


@pytest.mark.parametrize("status", [403, 500, 503])
def test_a_bucket_that_refuses_raises_at_once(status: int, bucket: Bucket) -> None:
    recordings = open_recordings(_settings("s3://recordings"))
    bucket.failing = status
    calls: list[Callable[[], object]] = [
        lambda: recordings.keep(KEY, BytesIO(b"bytes")),
        lambda: _fetched(recordings),
        lambda: recordings.erase(KEY),
    ]
    for call in calls:
        with pytest.raises((BaseError, OSError)) as refused:
            call()
        assert SECRET not in str(refused.value)


def test_a_folder_that_is_no_folder_is_told_by_its_variable(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for place in (file, file / "below"):
        with pytest.raises(SettingsError, match=r"^GRADING_AUDIO_URL: must be file:///folder"):
            open_recordings(_settings(place.as_uri()))


def test_a_folder_that_may_not_be_written_to_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Played: root, as which the tests may run, may write anywhere."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(SettingsError, match=r"^GRADING_AUDIO_URL: "):
        open_recordings(_settings(tmp_path.as_uri()))


def test_a_store_that_was_opened_before_a_fork_serves_the_child(folder: Path) -> None:
    """As a worker has it: its parent looks whether the settings are right."""
    ended = subprocess.run(
        [sys.executable, "-c", _FORKED],
        env=environment({**_REQUIRED, "GRADING_AUDIO_URL": folder.as_uri()}),
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0
    assert _fetched(open_recordings(_settings(folder.as_uri()))) == b"of the child"
