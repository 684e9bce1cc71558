"""Brings the embedded stack up, keeps it up, and takes it down."""

import fcntl
import os
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from embedded.children import Child, Children
from embedded.postgres import PrivatePostgres
from grading.domain.work import Skill
from grading.settings import Settings, load_settings
from grading.store.engine import make_engine
from grading.store.schema import migrate

#: How long the stack may take to become ready, in seconds. Language models load.
READY_SECONDS = 120.0

#: How soon a crash is noticed, in seconds.
WATCH_SECONDS = 1.0

#: What must be SERVING before the stack counts as ready.
NEEDED = ("vstep.grading.v1.GradingService", "rabbitmq", "workers")


class StackNotReady(Exception):
    """A part of the stack did not come up; the logs in its folder tell why."""


class EmbeddedStack:
    """PostgreSQL, one worker and one server, all in ``folder``. A context manager.

    Setting ``asked_to_stop`` while the stack comes up makes it give up.
    """

    def __init__(
        self, folder: Path, port: int, asked_to_stop: threading.Event | None = None
    ) -> None:
        self._asked_to_stop = asked_to_stop or threading.Event()
        self._folder = folder.absolute()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._port = port
        self._postgres = PrivatePostgres(self._folder / "postgres")
        self._children = Children()
        self._ending = threading.Event()
        self._supervisor = threading.Thread(target=self._watch_over, daemon=True)

    @property
    def address(self) -> str:
        """Where calls are taken."""
        return f"127.0.0.1:{self._port}"

    def __enter__(self) -> "EmbeddedStack":
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End every process."""
        self._ending.set()
        if self._supervisor.ident is not None:
            self._supervisor.join()
        self._children.stop()
        self._postgres.stop()

    def _watch_over(self) -> None:
        """Start again what crashed, until the stack is stopped."""
        while not self._ending.wait(WATCH_SECONDS):
            if not self._postgres.running:
                print("PostgreSQL ended; starting it again", file=sys.stderr, flush=True)
                self._postgres.start()
            self._children.revive()

    def _start(self) -> None:
        self._take_folder()
        self._postgres.start()
        environment = {
            "DATABASE_URL": self._postgres.url,
            "CELERY_BROKER_URL": f"filesystem://{self._folder / 'broker'}",
            "GRADING_AUDIO_URL": (self._folder / "recordings").as_uri(),
            "WORKER_PULSE_FILE": str(self._folder / "worker.pulse"),
            "GRADING_HOST": "127.0.0.1",
            # Nothing but this machine can call it.
            "GRADING_AUTH": os.environ.get("GRADING_AUTH") or "off",
            # Nobody listens in on this machine's own address.
            "GRADING_TLS_CERTIFICATE": "",
            "GRADING_TLS_KEY": "",
            "GRADING_TLS_CLIENT_CA": "",
            "PORT": str(self._port),
            # A folder has no acknowledgements: a message that died with its
            # worker is sent again by the reaper alone.
            "GRADING_RESEND_SECONDS": os.environ.get("GRADING_RESEND_SECONDS", "10"),
            "GRADING_LEASE_SECONDS": os.environ.get("GRADING_LEASE_SECONDS", "10"),
        }
        settings = load_settings(
            database_url=environment["DATABASE_URL"],
            celery_broker_url=environment["CELERY_BROKER_URL"],
        )
        self._migrate(settings)
        # Celery puts the folder it runs in on the path; nothing else needs it.
        worker = [
            sys.executable, "-m", "celery", "-A", "workers.app", "worker",
            "--without-gossip", "--without-mingle",
            "--hostname", "embedded@%h", "--queues", "writing,speaking",
        ]  # fmt: skip
        if not any(settings.asks_provider(skill) for skill in Skill):
            # Each process that grades by itself loads the language tools.
            worker += ["--concurrency", "1"]
        server = [sys.executable, "-m", "server"]
        for name, command in (("worker", worker), ("server", server)):
            log = self._folder / f"{name}.log"
            self._children.start(Child(name, command, environment, log))
        self._await_ready()
        self._supervisor.start()

    def _take_folder(self) -> None:
        """Keep the folder to this stack alone; the lock ends with the process."""
        self._lock = (self._folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackNotReady(f"another stack runs in {self._folder}") from None

    def _migrate(self, settings: Settings) -> None:
        engine = make_engine(settings, "vstep-grading-migrate", pool_size=1)
        try:
            migrate(engine)
        finally:
            engine.dispose()

    def _await_ready(self) -> None:
        until = time.monotonic() + READY_SECONDS
        with grpc.insecure_channel(self.address) as channel:
            health: Any = health_pb2_grpc.HealthStub(channel)
            waiting = list(NEEDED)
            while waiting:
                for child in self._children.members:
                    if not child.running:
                        raise StackNotReady(f"the {child.name} ended; see {child.log}")
                if self._asked_to_stop.is_set():
                    raise StackNotReady("stopped before it was ready")
                if time.monotonic() > until:
                    raise StackNotReady(f"not serving: {', '.join(waiting)}; see {self._folder}")
                try:
                    status = health.Check(
                        health_pb2.HealthCheckRequest(service=waiting[0]), timeout=1
                    ).status
                    if status == health_pb2.HealthCheckResponse.SERVING:
                        waiting.pop(0)
                        continue
                except grpc.RpcError:
                    pass
                time.sleep(0.1)
