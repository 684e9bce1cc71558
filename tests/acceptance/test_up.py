"""``python -m embedded.up``, which ``make up`` runs."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from grpc import StatusCode

from embedded.ports import free_port
from tests.stack.door import READINESS, SERVING, Door
from tests.stack.process import environment
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1.job_pb2 import JOB_STATE_COMPLETED


class _Up:
    """The command in a folder of its own, with what it prints."""

    def __init__(self, folder: Path, port: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "embedded.up"],
            cwd=folder,
            env=environment({"PORT": str(port), "GRADING_LEASE_SECONDS": "2"}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(self.process.stdout)

    def says(self, beginning: str) -> bool:
        """Whether it printed a line that begins so."""
        assert self.process.poll() is None or beginning in "".join(self.lines), self.lines
        return any(line.startswith(beginning) for line in self.lines)

    def close(self) -> None:
        """End what is left."""
        for pid in (*_descendants(self.process.pid), self.process.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


def _descendants(root: int) -> dict[int, str]:
    """The living descendants of a process and their command lines."""
    parents, commands = {}, {}
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
        if entry.name.isdigit() and fields[0] != "Z":
            parents[int(entry.name)] = int(fields[1])
            commands[int(entry.name)] = command
    found, grew = {root}, True
    while grew:
        children = {pid for pid, parent in parents.items() if parent in found} - found
        found |= children
        grew = bool(children)
    return {pid: commands[pid] for pid in found - {root}}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder to run in, where another user's PostgreSQL can reach its data."""
    made = Path(tempfile.mkdtemp(prefix="vstep-tests-up-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def port() -> int:
    """The port to take calls on."""
    return free_port()


@pytest.fixture
def up(folder: Path, port: int) -> Iterator[_Up]:
    """The running command."""
    started = _Up(folder, port)
    yield started
    started.close()


def test_it_comes_up_heals_itself_and_leaves_no_process(up: _Up, port: int) -> None:
    until(lambda: up.says(f"ready 127.0.0.1:{port}"), 90)
    family = _descendants(up.process.pid)
    assert any("postgres" in command for command in family.values())
    workers = [pid for pid, command in family.items() if "celery" in command]
    assert len(workers) >= 2  # the parent and its child
    door = Door(f"127.0.0.1:{port}")
    try:
        assert door.status(READINESS) == SERVING

        os.kill(min(workers), signal.SIGKILL)  # the parent
        job = door.grading.SubmitJob(submission("A short answer, for a start.")).job
        watcher = door.watch(job.id)
        assert watcher.wait(60).code is StatusCode.OK
        assert watcher.events[-1].state == JOB_STATE_COMPLETED
        assert watcher.sequences == list(range(1, len(watcher.events) + 1))
        assert up.says("worker ended")
        assert [pid for pid in workers if _alive(pid)] == []
    finally:
        door.close()

    family |= _descendants(up.process.pid)
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(30) == 0
    assert [pid for pid in family if _alive(pid)] == []


def test_a_signal_before_it_is_ready_ends_it_as_well(up: _Up) -> None:
    until(lambda: any("postgres" in command for command in _descendants(up.process.pid).values()))
    family = _descendants(up.process.pid)
    up.process.send_signal(signal.SIGINT)
    until(lambda: family.update(_descendants(up.process.pid)) or up.process.poll() is not None, 60)
    assert up.process.returncode == 0
    assert [pid for pid in family if _alive(pid)] == []


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize("value", ["http", "0", "65536", "-1"])
def test_a_wrong_port_is_named(folder: Path, value: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "embedded.up"],
        cwd=folder,
        env=environment({"PORT": value}),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("PORT: ")
    assert list(folder.iterdir()) == []
