"""A job in this process's hands, from its claim to the end of its run."""

import threading
import time
from typing import Protocol

from grading.exceptions import LeaseLost
from grading.store.records import Claim
from grading.store.run_writes import Report, RunEnd
from workers.run_trace import RunTrace


class Ends(Protocol):
    """Writes how a run came out."""

    def __call__(self, hold: "Hold", end: RunEnd) -> None:
        """Write the end; returns once it is durable."""


class Hold:
    """What a run may do with its job. Its reports wait for the journal's next turn."""

    def __init__(self, claim: Claim, expires: float, write_end: Ends, trace: RunTrace) -> None:
        self.claim = claim
        #: Told of the run's stages and its end.
        self.trace = trace
        #: When the lease runs out if it isn't renewed, on the monotonic clock.
        self.expires = expires
        self._write_end = write_end
        self._reports: list[Report] = []
        self._said: Report | None = None
        self._lock = threading.Lock()
        self._lost = threading.Event()

    def report(self, report: Report) -> None:
        """Have an event written within a moment, and before whatever comes later.

        What was said last is not written again: who says it only asks whether to go on.

        Raises:
            LeaseLost: the job is no longer this run's.
        """
        self.check()
        self.trace.enter(report.stage)
        with self._lock:
            if report != self._said:
                self._said = report
                self._reports.append(report)

    def end(self, end: RunEnd) -> None:
        """Write how the run came out, with the reports that still wait, in one transaction.

        Raises:
            LeaseLost: the job is no longer this run's; nothing was written.
            sqlalchemy.exc.SQLAlchemyError: the database was lost for longer than the lease.
        """
        self.check()
        self.trace.settling(end)
        started_ns = time.time_ns()
        self._write_end(self, end)
        self.trace.settled(started_ns)

    def check(self) -> None:
        """Raise ``LeaseLost`` if the job was taken away or the lease could not be renewed."""
        if self.is_lost:
            raise LeaseLost(self.claim.job_id, self.claim.run)

    @property
    def is_lost(self) -> bool:
        """Whether the job is known to be no longer this run's."""
        return self._lost.is_set()

    def lose(self) -> None:
        """Note that the job is no longer this run's."""
        self._lost.set()

    def take_reports(self) -> tuple[Report, ...]:
        """The reports that wait; they are the taker's to write."""
        with self._lock:
            reports, self._reports = self._reports, []
        return tuple(reports)

    def put_back(self, reports: tuple[Report, ...]) -> None:
        """Have reports wait again, before those that came since."""
        with self._lock:
            self._reports[:0] = reports
