"""A worker's sign of life for whoever runs it: a file that holds when its loop last came round.

It says nothing of the database and the broker: a worker that waits for either is well, and to
start it again would help nobody. What it does say is that the process isn't frozen, and that
the loop that takes messages isn't stuck.
"""

import os
import tempfile
import threading
import time
from pathlib import Path

import structlog

_log = structlog.get_logger(__name__)

#: How often a sign is given, in seconds; Celery's own loop comes round at least as often.
BEAT_SECONDS = 2.0

#: The variable that names the file.
FILE_VARIABLE = "WORKER_PULSE_FILE"


def default_file() -> Path:
    """Where a worker gives its signs unless it is told otherwise: one file for each user."""
    return Path(tempfile.gettempdir()) / f"vstep-grading-worker-{os.getuid()}.pulse"


class Pulse:
    """Writes the file, from the loop that takes messages while it runs, else from a thread.

    The loop doesn't run while the worker loads its graders, waits for the broker or lets its
    jobs finish. All of these may take their time and are bounded elsewhere, or have no bound by
    design; meanwhile the thread shows that the process as such is alive.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._looping = False
        self._finishing = False
        self._written_at = 0.0
        self._failed = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def beat(self) -> None:
        """Say, from the loop, that it came round: from now on, only the loop gives signs."""
        self._looping = not self._finishing
        if time.monotonic() - self._written_at >= BEAT_SECONDS / 2:
            self._write()

    def connect(self) -> None:
        """Say that the broker is looked for, for as long as it takes; the first sign of all."""
        self._looping = False
        # Not sooner: the pool's processes have been forked by now, without this thread.
        if self._thread.ident is None:
            self._thread.start()

    def finish(self) -> None:
        """Say that no more jobs are taken, and those under way are waited for."""
        self._finishing = True
        self._looping = False

    def stop(self) -> None:
        """Give no more signs, and take the last one away."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(BEAT_SECONDS)
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("pulse_not_withdrawn", error=error.strerror)

    def _run(self) -> None:
        while True:
            if not self._looping:
                self._write()
            if self._stop.wait(BEAT_SECONDS):
                return

    def _write(self) -> None:
        self._written_at = time.monotonic()
        try:
            write_sign(self._file)
            self._failed = False
        except OSError as error:
            # Whoever asks for the sign will act; the work itself needs none.
            if not self._failed:
                _log.warning("pulse_not_written", file=str(self._file), error=error.strerror)
            self._failed = True


def write_sign(file: Path) -> None:
    """Write the present moment, on the clock that counts from the machine's start.

    Raises:
        OSError: the file can't be written, or is a link, which somebody else put there.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    opened = os.open(file, flags, mode=0o600)
    try:
        # Always as long, and never cut off first: a reader finds the old sign or the new one.
        os.pwrite(opened, f"{time.monotonic_ns():020d}\n".encode(), 0)
    finally:
        os.close(opened)


def seconds_since_sign(file: Path) -> float | None:
    """How long ago the last sign was given; None where there is none, or an older start's.

    Raises:
        OSError: the file is there and can't be read.
    """
    try:
        given_at = int(file.read_text())
    except (FileNotFoundError, ValueError):
        return None
    age = time.monotonic_ns() - given_at
    return age / 1e9 if age >= 0 else None
