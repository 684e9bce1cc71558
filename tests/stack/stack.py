"""Server and worker processes on one database, one virtual host and one folder."""

from pathlib import Path

from embedded.ports import free_port
from tests.stack.door import SERVING, Door
from tests.stack.postgres import Database
from tests.stack.process import CHECKOUT, Process
from tests.stack.waiting import until

SCRIPTED = "tests.stack.scripted_worker"
EMBEDDED = "workers.app"


class Server(Process):
    """``python -m server``."""

    def __init__(self, settings: dict[str, str], folder: Path, checkout: Path = CHECKOUT) -> None:
        self.port = int(settings["PORT"])
        super().__init__("server", ["-m", "server"], settings, folder, checkout)
        self.door = Door(f"127.0.0.1:{self.port}")

    def await_health(self, service: str, status: int = SERVING, seconds: float = 30) -> None:
        """Wait until a name has a status."""

        def look() -> bool:
            assert self.running, f"the server ended:\n{self.output()}"
            return self.door.status(service) == status

        until(look, seconds)


class Worker(Process):
    """``celery worker``, which grades ``concurrency`` jobs of ``queues`` at a time."""

    def __init__(
        self,
        app: str,
        settings: dict[str, str],
        folder: Path,
        concurrency: int = 1,
        queues: str = "writing",
        checkout: Path = CHECKOUT,
        pool: str | None = None,
    ) -> None:
        #: Under what name it takes jobs.
        self.hostname = f"tests-{free_port()}@localhost"
        super().__init__(
            "worker",
            [
                "-m", "celery", "-A", app, "worker", "--concurrency", str(concurrency),
                "--without-gossip", "--without-mingle", "--queues", queues,
                "--hostname", self.hostname, *(("--pool", pool) if pool else ()),
            ],
            settings,
            folder,
            checkout,
        )  # fmt: skip


class Stack:
    """Starts processes, and ends what is left of them."""

    def __init__(self, database: Database, broker_url: str, folder: Path) -> None:
        self.database = database
        self.folder = folder
        #: Whose code is started.
        self.checkout = CHECKOUT
        #: Where recordings are kept.
        self.recordings = folder / "recordings"
        #: Where workers give their signs of life.
        self.pulse = folder / "worker.pulse"
        self._started: list[Process] = []
        self.settings = {
            "DATABASE_URL": database.url,
            "RABBITMQ_URL": broker_url,
            "GRADING_AUDIO_URL": self.recordings.as_uri(),
            "GRADING_AUTH": "off",
            "WORKER_PULSE_FILE": str(self.pulse),
            "GRADING_POLL_SECONDS": "0.2",
            "GRADING_LEASE_SECONDS": "2",
            "GRADING_RETRY_BACKOFF_CAP_SECONDS": "0.5",
            "GRADING_RESEND_SECONDS": "5",
            # What a killed process leaves behind goes with the test's folder.
            "TMPDIR": str(folder),
        }

    def start_server(self, ready: bool = True, **settings: str) -> Server:
        """Start a server on a free port, and wait until it is ready."""
        server = Server(
            {"PORT": str(free_port()), **self.settings, **settings}, self.folder, self.checkout
        )
        self._started.append(server)
        if ready:
            server.await_health("vstep.grading.v1.GradingService")
        return server

    def start_worker(
        self,
        app: str = SCRIPTED,
        concurrency: int = 1,
        queues: str = "writing",
        pool: str | None = None,
        **settings: str,
    ) -> Worker:
        """Start a worker; it takes jobs as soon as it can."""
        worker = Worker(
            app,
            {**self.settings, **settings},
            self.folder,
            concurrency,
            queues,
            self.checkout,
            pool,
        )
        self._started.append(worker)
        return worker

    def stop(self) -> None:
        """End every process, the last one started first."""
        while self._started:
            process = self._started.pop()
            if isinstance(process, Server):
                process.door.close()
            process.kill()
