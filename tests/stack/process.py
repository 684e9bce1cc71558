"""A process of the stack: in a session of its own, so that all of it can be ended."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.stack.waiting import until

CHECKOUT = Path(__file__).parents[2]

#: The logs that a failing test shows: the newest of each process by its name.
LOGS: dict[str, Path] = {}


def environment(settings: Mapping[str, str], checkout: Path = CHECKOUT) -> dict[str, str]:
    """What a process of the stack sees: its settings, and none of the caller's."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONPATH": f"{checkout}:{checkout / 'generated' / 'python'}",
        **settings,
    }


class Process:
    """A Python module that runs as a program, with a log of its own."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        settings: Mapping[str, str],
        folder: Path,
        checkout: Path = CHECKOUT,
    ) -> None:
        self.name = name
        self.log = folder / f"{name}-{time.monotonic_ns()}.log"
        LOGS[name] = self.log
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=checkout,
                env=environment(settings, checkout),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id, which is its group's and its session's too."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process.poll() is None

    def signal_all(self, which: signal.Signals) -> None:
        """Send a signal to the process and its children."""
        for member in session_members(self.pid):
            with suppress(ProcessLookupError):
                os.kill(member, which)

    def signal(self, which: signal.Signals) -> None:
        """Send a signal to the process alone."""
        self._process.send_signal(which)

    def wait(self, seconds: float) -> int:
        """Wait for the end; gives the exit code.

        Raises:
            subprocess.TimeoutExpired: it is alive after ``seconds``.
        """
        return self._process.wait(seconds)

    def kill(self) -> None:
        """End the process and its children the way a power cut does."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        until(lambda: not session_members(self.pid), every=0.01)

    def kill_children(self) -> None:
        """End the children alone, the way a power cut does."""
        for member in session_members(self.pid):
            if member != self.pid:
                os.kill(member, signal.SIGKILL)

    def output(self) -> str:
        """All that it wrote."""
        return self.log.read_text(errors="replace")


def session_members(session: int) -> list[int]:
    """The living processes of a session, zombies left out."""
    members = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # The command's name stands in brackets and may hold anything.
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            members.append(int(entry.name))
    return members
