"""The journal: all that the runs of one process write, in one thread on one connection.

Runs that claim, report or end at about the same time share a statement, and so a
transaction (group commit). Leases are renewed by the same thread, at a third of
their length, whatever the graders are doing.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from grading.exceptions import LeaseLost
from grading.store.records import Claim
from grading.store.run_writes import RunEnd, RunWrite, write_runs
from grading.store.runs import claim_jobs, find_held, renew_jobs
from workers import metrics
from workers.hold import Hold
from workers.run_trace import RunTrace

_log = structlog.get_logger(__name__)
T = TypeVar("T")

#: A report waits for so long, in seconds, so that those of a quick run travel with its end.
REPORT_SECONDS = 0.05
#: A run learns within so many seconds that its job was cancelled, though it reports nothing.
LOOK_SECONDS = 1.0
#: After how many seconds a lost database is tried again.
RETRY_SECONDS = 0.25
#: The database was lost, or undid the transaction: the same may be tried again.
PASSING = (OperationalError, InterfaceError, PoolTimeout)


@dataclass
class _Requests:
    """What runs have asked for since the last turn."""

    claims: list[tuple[UUID, str, Future[Claim | None]]] = field(default_factory=list)
    ends: list[tuple[Hold, RunEnd, Future[None]]] = field(default_factory=list)
    calls: list[tuple[Callable[[Connection], Any], Future[Any]]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.claims or self.ends or self.calls)

    def refuse(self, error: Exception) -> None:
        """Answer every request with an error."""
        futures: list[Future[Any]] = [called for _, called in self.calls]
        futures += [answer for *_, answer in self.claims]
        futures += [answer for *_, answer in self.ends]
        for future in futures:
            if not future.done():
                future.set_exception(error)


class Journal:
    """Claims jobs and writes for their runs. Safe to be used by many threads."""

    def __init__(self, engine: Engine, lease: timedelta) -> None:
        self._engine = engine
        self._lease = lease
        self._seconds = lease.total_seconds()
        self._wake = threading.Condition()
        self._requests = _Requests()
        self._holds: set[Hold] = set()
        self._renew_at = float("inf")
        self._look_at = 0.0
        self._closed = False
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def claim(self, job_id: UUID, worker: str) -> Hold | None:
        """Take a job for ``worker`` and renew its lease until ``forget``; None as the store says.

        The calling thread is the run's, until it calls ``forget``.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
        """
        asked, asked_ns = time.monotonic(), time.time_ns()
        answer: Future[Claim | None] = Future()
        with self._wake:
            self._requests.claims.append((job_id, worker, answer))
            self._wake.notify()
        claim = answer.result()
        if claim is None:
            return None
        hold = Hold(claim, asked + self._seconds, self._end, RunTrace(claim, asked_ns))
        with self._wake:
            self._holds.add(hold)
            self._renew_at = min(self._renew_at, asked + self._seconds / 3)
            self._wake.notify()
        return hold

    def forget(self, hold: Hold) -> None:
        """Renew a lease no longer."""
        with self._wake:
            self._holds.discard(hold)
        hold.trace.stop(lost=hold.is_lost)

    def call(self, function: Callable[[Connection], T]) -> T:
        """Call a function of the store in the journal's thread.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database can't be reached, or refused.
        """
        return self.submit(function).result()

    def submit(self, function: Callable[[Connection], T]) -> Future[T]:
        """Have a function of the store called in the journal's thread; gives its answer's place."""
        answer: Future[T] = Future()
        with self._wake:
            self._requests.calls.append((function, answer))
            self._wake.notify()
        return answer

    def close(self) -> None:
        """End the thread and its connection; nothing may be asked for afterwards."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()
        self._engine.dispose()

    def _end(self, hold: Hold, end: RunEnd) -> None:
        answer: Future[None] = Future()
        with self._wake:
            self._requests.ends.append((hold, end, answer))
            self._wake.notify()
        answer.result()

    def _run(self) -> None:
        while not self._closed:
            requests = self._next_requests()
            try:
                self._take_turn(requests)
            except PASSING as error:
                _log.warning("journal_interrupted", error=type(error).__name__)
                self._disconnect()
                self._try_again(requests, error)
                time.sleep(RETRY_SECONDS)
            except Exception as error:
                # Nobody may wait for ever, whatever it is.
                _log.error("journal_failed", error=type(error).__name__)
                self._disconnect()
                requests.refuse(error)
        self._disconnect()

    def _next_requests(self) -> _Requests:
        with self._wake:
            if not self._requests and not self._closed:
                left = self._renew_at - time.monotonic()
                pause = min(left, REPORT_SECONDS) if self._holds else None
                self._wake.wait(None if pause is None else max(pause, 0))
            requests, self._requests = self._requests, _Requests()
            return requests

    def _take_turn(self, requests: _Requests) -> None:
        now = time.monotonic()
        if now >= self._renew_at:
            metrics.LEASE_RENEWAL_LATE.observe(now - self._renew_at)
            self._renew()
        elif now >= self._look_at:
            self._look()
        if requests.claims:
            self._claim(requests.claims)
        self._write(requests.ends)
        for function, called in requests.calls:
            self._answer(function, called)

    def _renew(self) -> None:
        with self._wake:
            holds = list(self._holds)
        asked = time.monotonic()
        kept = renew_jobs(self._connect(), [hold.claim for hold in holds], self._lease)
        for hold in holds:
            if hold.claim.job_id in kept:
                hold.expires = asked + self._seconds
        self._lose_but(kept, holds)
        self._look_at = asked + LOOK_SECONDS
        with self._wake:
            self._renew_at = asked + self._seconds / 3 if self._holds else float("inf")

    def _look(self) -> None:
        with self._wake:
            holds = list(self._holds)
        self._look_at = time.monotonic() + LOOK_SECONDS
        if holds:
            self._lose_but(find_held(self._connect(), [hold.claim for hold in holds]), holds)

    def _lose_but(self, kept: set[UUID], holds: list[Hold]) -> None:
        for hold in holds:
            if hold.claim.job_id not in kept:
                hold.lose()

    def _claim(self, claims: list[tuple[UUID, str, Future[Claim | None]]]) -> None:
        # One process is one worker.
        _, worker, _ = claims[0]
        taken = claim_jobs(self._connect(), [job_id for job_id, *_ in claims], worker, self._lease)
        for job_id, _, answer in claims:
            # Of two messages for one job the first one has it.
            answer.set_result(taken.pop(job_id, None))
        claims.clear()

    def _write(self, ends: list[tuple[Hold, RunEnd, Future[None]]]) -> None:
        """Write the ends, and the reports of all runs that have some."""
        answers = {hold: (end, answer) for hold, end, answer in ends}
        with self._wake:
            holds = self._holds | answers.keys()
        writes: dict[Hold, RunWrite] = {}
        for hold in holds:
            end = answers[hold][0] if hold in answers else None
            reports = hold.take_reports()
            if reports or end is not None:
                writes[hold] = RunWrite(hold.claim, reports, end)
        try:
            written = self._write_all(writes)
        except PASSING:
            for hold, write in writes.items():
                hold.put_back(write.reports)
            raise
        for hold, error in written.items():
            # A run whose report couldn't be written may not end as if it had been.
            if error is not None:
                hold.lose()
        for hold, (_, answer) in answers.items():
            error = written[hold]
            answer.set_result(None) if error is None else answer.set_exception(error)
        ends.clear()

    def _write_all(self, writes: dict[Hold, RunWrite]) -> dict[Hold, Exception | None]:
        """Write for each run; gives what went wrong with it, and None where nothing did."""
        if not writes:
            return {}
        try:
            kept = write_runs(self._connect(), list(writes.values()))
        except PASSING:
            raise
        except Exception as error:
            if len(writes) == 1:
                return dict.fromkeys(writes, error)
            # What PostgreSQL refuses, or what can't even be sent there, sinks the whole
            # statement. One by one, it touches only the run it belongs to.
            outcome: dict[Hold, Exception | None] = {}
            for hold, write in writes.items():
                outcome |= self._write_all({hold: write})
            return outcome
        return {hold: None if hold.claim.job_id in kept else _lost(hold) for hold in writes}

    def _answer(self, function: Callable[[Connection], Any], called: Future[Any]) -> None:
        try:
            called.set_result(function(self._connect()))
        except PASSING:
            raise
        except Exception as error:
            called.set_exception(error)

    def _try_again(self, requests: _Requests, error: Exception) -> None:
        """Keep ends for as long as their leases last; all else is its caller's to repeat."""
        now = time.monotonic()
        lasting = [entry for entry in requests.ends if now < entry[0].expires]
        requests.ends = [entry for entry in requests.ends if now >= entry[0].expires]
        requests.refuse(error)
        with self._wake:
            self._requests.ends[:0] = lasting
            for hold in self._holds:
                if now >= hold.expires:
                    hold.lose()

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.close()


def _lost(hold: Hold) -> LeaseLost:
    return LeaseLost(hold.claim.job_id, hold.claim.run)
