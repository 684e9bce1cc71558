"""A private Redis, which keeps nothing on disk."""

import secrets
import shutil
import signal
import subprocess
from pathlib import Path

import redis
from redis.exceptions import RedisError

from embedded.ports import free_port
from tests.stack.waiting import until

PROGRAM = "redis-server"


class RedisNotStarted(Exception):
    """The server did not start; the message tells why."""


class PrivateRedis:
    """A server with its port and its password to itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._password = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """The value of ``REDIS_URL`` that reaches it."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, with nothing stored, and wait until it answers.

        Raises:
            RedisNotStarted: it is not installed.
        """
        program = shutil.which(PROGRAM)
        if program is None:
            raise RedisNotStarted(f"{PROGRAM} is missing: `make test` installs it")
        settings = self._folder / "redis.conf"
        # Not on the command line, which everybody on the machine can read.
        settings.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self._password}\n"
            f'save ""\nappendonly no\ndir {self._folder}\n'
        )
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, str(settings)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(self._answers, every=0.02)

    def stop(self) -> None:
        """End it, also while it is frozen."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Keep it from answering, with its connections open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def keys(self) -> list[str]:
        """The names of all that is stored."""
        with redis.Redis.from_url(self.url, decode_responses=True) as asked:
            return sorted(asked.scan_iter())

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as asked:
                return bool(asked.ping())
        except RedisError:
            return False
