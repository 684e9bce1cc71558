"""The stack's processes: started, watched, started again when they crash, ended together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

#: How long a process may take to end before it is killed, in seconds.
STOP_SECONDS = 15.0


@dataclass
class Child:
    """One process and what it takes to start it again."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    crashes: int = 0

    def start(self) -> None:
        """Start it, in a session of its own, so that its children can be ended with it."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        """Whether it is alive."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Ask it to end, wait, then end whatever is left of its session."""
        if self.process is None:
            return
        if self.running:
            self.process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Children:
    """A set of processes that live and end together."""

    members: list[Child] = field(default_factory=list)

    def start(self, child: Child) -> None:
        """Start one more."""
        self.members.append(child)
        child.start()

    def revive(self) -> None:
        """Start those again that ended without being asked."""
        for child in self.members:
            if not child.running and child.process is not None:
                child.crashes += 1
                print(
                    f"{child.name} ended with {child.process.returncode}; starting it again"
                    f" (log: {child.log})",
                    file=sys.stderr,
                    flush=True,
                )
                child.stop()
                # One that can't live shouldn't keep a core busy with dying.
                time.sleep(min(0.1 * 2**child.crashes, 5.0))
                child.start()

    def stop(self) -> None:
        """End all of them, the last one started first."""
        while self.members:
            self.members.pop().stop()
