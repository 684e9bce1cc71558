"""A worker's signs of life, by which the server's health check knows it."""

import threading
from collections.abc import Sequence

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from grading.store.workers import PRESENCE_SECONDS, report_alive, report_gone

_log = structlog.get_logger(__name__)


class Presence:
    """Reports the worker to the database from a thread, until it is stopped."""

    def __init__(self, engine: Engine, worker: str, queues: Sequence[str], slots: int) -> None:
        self._engine = engine
        self._worker = worker
        self._queues = queues
        self._slots = slots
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._report, name="presence", daemon=True)

    def start(self) -> None:
        """Begin to report."""
        self._thread.start()

    def stop(self) -> None:
        """Report that the worker is gone, and end."""
        self._stop.set()
        self._thread.join(timeout=PRESENCE_SECONDS)
        try:
            with self._engine.connect() as conn:
                report_gone(conn, self._worker)
        except SQLAlchemyError as error:
            _log.warning("presence_not_withdrawn", error=type(error).__name__)
        self._engine.dispose()

    def _report(self) -> None:
        while True:
            try:
                with self._engine.connect() as conn:
                    report_alive(conn, self._worker, self._queues, self._slots)
            except SQLAlchemyError as error:
                _log.warning("presence_not_reported", error=type(error).__name__)
            if self._stop.wait(PRESENCE_SECONDS):
                return
