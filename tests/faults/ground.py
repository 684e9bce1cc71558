"""A stack that may be broken: its own PostgreSQL and RabbitMQ, two servers, two workers."""

import asyncio
import os
import shutil
import signal
import tempfile
from pathlib import Path

import psycopg

from embedded.ports import free_port
from embedded.postgres import PrivatePostgres
from grading.store.schema import migrate
from tests.stack.door import READINESS
from tests.stack.postgres import Database
from tests.stack.process import Process, session_members
from tests.stack.rabbitmq import PrivateRabbit
from tests.stack.stack import SCRIPTED, Server, Stack, Worker
from tests.stack.waiting import until

#: How often it is looked whether a process ended, in seconds.
LOOK_SECONDS = 0.2

_HOLDER = "SELECT worker FROM runs WHERE job_id = %s AND ended_at IS NULL"
#: What is told of the database after a violation.
_STANDING = {
    "jobs": "SELECT state, count(*) FROM jobs GROUP BY state",
    "outbox": "SELECT count(*), count(sent_at), max(sent_at), max(sends) FROM outbox",
    "workers": "SELECT * FROM workers",
    "now": "SELECT now()",
}
#: How much of each log, in characters.
SHOWN = 2000
_BACKEND = """
    SELECT pid FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
    LIMIT 1
"""


class Ground:
    """Whatever ends is started again at its old address, as Compose or Kubernetes would."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="vstep-tests-faults-"))
        # PostgreSQL runs as another user when the tests run as root.
        self._folder.chmod(0o755)
        self.postgres = PrivatePostgres(self._folder / "postgres")
        self.rabbit = PrivateRabbit(self._folder / "rabbitmq")
        self._settings: dict[str, str] = {}
        self._app = SCRIPTED
        self.ports = (free_port(), free_port())
        self.servers: list[Server] = []
        self.workers: list[Worker] = []
        #: Processes that ended, and may have left children.
        self._left: list[Process] = []

    @property
    def database(self) -> Database:
        """The database behind the servers."""
        return Database(self.postgres.url)

    def start(self, app: str = SCRIPTED) -> None:
        """Start everything, with workers of ``app``, and wait until there is one to grade."""
        self._app = app
        self.postgres.start()
        engine = self.database.make_engine(pool_size=1)
        migrate(engine)
        engine.dispose()
        self.rabbit.start()
        stack = Stack(self.database, self.rabbit.url("tests0"), self._folder)
        self._settings = {
            **stack.settings,
            "GRADING_HEARTBEAT_SECONDS": "2",
            "GRADING_STREAM_MAX_AGE_SECONDS": "25",
        }
        self.servers = [self._server(port) for port in self.ports]
        self.workers = [self._worker() for _ in self.ports]
        for server in self.servers:
            server.await_health(READINESS)
            server.await_health("workers")

    def account(self) -> str:
        """How the database and every process stand, for who wonders about a violation."""
        lines = [f"{what}: {self._told(query)}" for what, query in _STANDING.items()]
        for log in sorted(self._folder.glob("*.log")):
            lines += [f"== {log.name}", log.read_text(errors="replace")[-SHOWN:]]
        return "\n".join(lines)

    def _told(self, query: str) -> object:
        try:
            return self.database.rows(query)
        except psycopg.Error as error:
            return error

    def stop(self) -> None:
        """End everything, and delete what it wrote."""
        for server in self.servers:
            server.door.close()
        for process in (*self.workers, *self.servers, *self._left):
            process.kill()
        self.rabbit.stop()
        self.postgres.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def keep_up(self) -> None:
        """Start servers and workers again that ended, until cancelled."""
        while True:
            for place, server in enumerate(self.servers):
                if not server.running:
                    server.door.close()
                    self._left.append(server)
                    self.servers[place] = self._server(self.ports[place])
            for place, worker in enumerate(self.workers):
                if not worker.running:
                    self._left.append(worker)
                    self.workers[place] = self._worker()
            # A session that is over is forgotten, since its number may be given out again.
            self._left = [process for process in self._left if session_members(process.pid)]
            await asyncio.sleep(LOOK_SECONDS)

    def holder(self, job_id: str) -> int | None:
        """Which worker holds the job, where it is one of those that run now.

        Raises:
            psycopg.OperationalError: the database is down.
        """
        names = [row["worker"] for row in self.database.rows(_HOLDER, job_id)]
        places = (place for place, worker in enumerate(self.workers) if worker.hostname in names)
        return next(places, None)

    def shut_down_postgres(self) -> None:
        """Have PostgreSQL drop everything where it stands: its immediate shutdown."""
        assert self.postgres.pid is not None
        os.kill(self.postgres.pid, signal.SIGQUIT)
        until(lambda: not self.postgres.running)

    def kill_backend(self) -> None:
        """Kill one of PostgreSQL's backends; PostgreSQL ends all of them, and recovers."""
        until(self._backend_killed)

    def _backend_killed(self) -> bool:
        try:
            for backend in self.database.rows(_BACKEND):
                os.kill(backend["pid"], signal.SIGKILL)
                return True
        except (psycopg.OperationalError, ProcessLookupError):
            pass  # PostgreSQL is still recovering, or the backend ended by itself
        return False

    def _server(self, port: int) -> Server:
        return Server({**self._settings, "PORT": str(port)}, self._folder)

    def _worker(self) -> Worker:
        return Worker(self._app, self._settings, self._folder)
