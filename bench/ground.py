"""What a benchmark of the service stands on: a PostgreSQL and servers, ended with it."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from embedded.ports import free_port
from embedded.postgres import PrivatePostgres
from grading.settings import Settings
from grading.store.engine import make_engine
from grading.store.schema import migrate

START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """A grading server that takes calls."""

    address: str
    pid: int


@dataclass(frozen=True)
class Ground:
    """A migrated database, and a broker."""

    folder: Path
    postgres: PrivatePostgres
    settings: Settings

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which a process finds database and broker."""
        return {
            **os.environ,
            "DATABASE_URL": self.settings.database_url.get_secret_value(),
            "CELERY_BROKER_URL": self.settings.broker_url,
            "GRADING_HOST": "127.0.0.1",
            "GRADING_AUTH": "off",
        }

    @contextmanager
    def process(self, command: Sequence[str], **variables: str) -> Iterator[int]:
        """Run a Python module beside the benchmark; gives its process id."""
        with (self.folder / "processes.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                env={**self.environment, **variables},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @contextmanager
    def worker(self, app: str, *options: str, **variables: str) -> Iterator[int]:
        """Run a Celery worker beside the benchmark; gives its process id."""
        command = ("celery", "-A", app, "worker", "--hostname", f"{app}@localhost", *options)
        with self.process(command, **variables) as pid:
            yield pid

    @contextmanager
    def server(self, **variables: str) -> Iterator[str]:
        """Run the grading server; gives its address once it takes calls."""
        with self.server_process(**variables) as server:
            yield server.address

    @contextmanager
    def server_process(self, **variables: str) -> Iterator[Server]:
        """Run the grading server; gives its address and its process once it takes calls."""
        port = free_port()
        address = f"127.0.0.1:{port}"
        with self.process(["server"], PORT=str(port), **variables) as pid:
            await_calls(address)
            yield Server(address, pid)

    @contextmanager
    def echo(self) -> Iterator[str]:
        """Run the bare echo server; gives its address once it takes calls."""
        port = free_port()
        address = f"127.0.0.1:{port}"
        with self.process(["bench.echo", str(port)]):
            await_calls(address)
            yield address


@contextmanager
def ground(broker_url: str | None = None) -> Iterator[Ground]:
    """Lay the ground in a folder for temporary files, and clear it afterwards.

    Without ``broker_url``, a folder is the broker.
    """
    with tempfile.TemporaryDirectory(prefix="vstep-grading-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL may have to run as another user
        postgres = PrivatePostgres(folder / "postgres")
        postgres.start()
        try:
            settings = Settings.model_validate(
                {
                    "database_url": postgres.url,
                    "celery_broker_url": broker_url or f"filesystem://{folder / 'broker'}",
                }
            )
            engine = make_engine(settings, "vstep-grading-migrate", pool_size=1)
            migrate(engine)
            engine.dispose()
            yield Ground(folder, postgres, settings)
        finally:
            postgres.stop()


def await_calls(address: str) -> None:
    """Wait until a server takes calls.

    Raises:
        grpc.FutureTimeoutError: it didn't within a minute.
    """
    with grpc.insecure_channel(address) as channel:
        grpc.channel_ready_future(channel).result(timeout=START_SECONDS)
    time.sleep(0.5)  # it has just started; its first second is not like the others
