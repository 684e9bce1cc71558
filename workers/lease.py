"""Keeping a job's lease while its grader works."""

import threading
import time
from datetime import timedelta
from types import TracebackType

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from grading.exceptions import LeaseLost
from grading.store import runs
from grading.store.records import Claim

_log = structlog.get_logger(__name__)


class LeaseKeeper:
    """Renews a claim at a third of its length, from a thread of its own.

    The thread doesn't depend on the grading call, so a grader that computes for
    a long time, or waits on the network, keeps its job. Used as a context manager.
    """

    def __init__(self, engine: Engine, held: Claim, lease: timedelta) -> None:
        self._engine = engine
        self._held = held
        self._lease = lease
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease-keeper", daemon=True)

    def __enter__(self) -> "LeaseKeeper":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def check(self) -> None:
        """Raise ``LeaseLost`` if the job was taken away or the lease could not be renewed."""
        if self._lost.is_set():
            raise LeaseLost(self._held.job_id, self._held.run)

    def _keep(self) -> None:
        lease = self._lease.total_seconds()
        expires = time.monotonic() + lease
        while not self._stop.wait(lease / 3):
            asked = time.monotonic()
            try:
                with self._engine.connect() as conn:
                    runs.renew(conn, self._held, self._lease)
                expires = asked + lease
            except LeaseLost:
                self._lost.set()
                return
            except SQLAlchemyError as error:
                _log.warning(
                    "lease_not_renewed", job_id=str(self._held.job_id), error=type(error).__name__
                )
                if time.monotonic() >= expires:
                    self._lost.set()
                    return
