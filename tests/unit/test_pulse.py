"""A worker's pulse, and the probe that looks at it."""

import threading
import time
from pathlib import Path

import pytest

from tests.stack.waiting import until
from workers import pulse as pulses
from workers.probe import main
from workers.pulse import FILE_VARIABLE, Pulse, seconds_since_sign, write_sign

Told = pytest.CaptureFixture[str]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where signs are given, twenty times a second."""
    found = tmp_path / "worker.pulse"
    monkeypatch.setenv(FILE_VARIABLE, str(found))
    monkeypatch.setattr(pulses, "BEAT_SECONDS", 0.05)
    return found


def _sign(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def _beats(file: Path) -> bool:
    before = _sign(file)
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:
        if _sign(file) != before:
            return True
        time.sleep(0.01)
    return False


def test_the_probe_tells_a_worker_that_lives_from_one_that_is_stuck(
    file: Path, capsys: Told
) -> None:
    assert main([]) == 1
    write_sign(file)
    assert main([]) == 0
    assert main(["--max-age", "-1"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"worker: no sign of life in {file}"
    assert told[1].startswith("worker: alive, last sign 0.")
    assert told[2].startswith("worker: stuck, last sign 0.")


@pytest.mark.parametrize("content", ["", "soon\n", f"{10**19:020d}\n"])
def test_a_sign_of_an_older_start_or_none_at_all_does_not_count(file: Path, content: str) -> None:
    file.write_text(content)
    assert seconds_since_sign(file) is None
    assert main([]) == 1


def test_a_file_that_is_a_folder_is_no_sign(file: Path, capsys: Told) -> None:
    file.mkdir()
    assert main([]) == 1
    assert "can't read" in capsys.readouterr().out


def test_misuse_of_the_probe_has_a_code_of_its_own(capsys: Told) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--max-age", "soon"])
    assert ended.value.code == 2


def test_a_worker_that_looks_for_the_broker_gives_signs_by_itself(file: Path) -> None:
    pulse = Pulse(file)
    try:
        assert not _sign(file)
        pulse.connect()
        until(lambda: _sign(file))
        assert _beats(file)
    finally:
        pulse.stop()
    assert not file.exists()


def test_while_it_takes_messages_only_the_loop_gives_signs(file: Path) -> None:
    pulse = Pulse(file)
    try:
        pulse.connect()
        pulse.beat()
        # Whatever the thread was about to write is written by then.
        time.sleep(0.1)
        assert not _beats(file)  # the loop is stuck
        time.sleep(0.05)
        before = _sign(file)
        pulse.beat()
        assert _sign(file) != before
        pulse.connect()  # the broker was lost
        assert _beats(file)
    finally:
        pulse.stop()


def test_a_worker_that_lets_its_jobs_finish_gives_signs_whatever_its_loop_does(file: Path) -> None:
    pulse = Pulse(file)
    try:
        pulse.connect()
        pulse.finish()
        pulse.beat()
        assert _beats(file)
    finally:
        pulse.stop()


def test_a_link_that_somebody_put_there_is_not_followed(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("precious")
    file.symlink_to(other)
    pulse = Pulse(file)
    pulse.beat()  # said in the log, and no harm to the worker
    assert other.read_text() == "precious"


def test_a_reader_never_finds_half_a_sign(file: Path) -> None:
    write_sign(file)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            write_sign(file)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(2000):
            assert seconds_since_sign(file) is not None
    finally:
        stop.set()
        writer.join()
