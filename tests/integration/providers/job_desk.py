"""Jobs at hand, workers that ask a scripted provider about them, and time that is moved on."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection, text

from grading.domain.result import GradingResult
from grading.domain.retry import RetryPolicy
from grading.store.jobs import get_result
from grading.store.reaping import reap_lapsed_leases, release_due_retries
from tests.stack.llm_worker import NAME
from tests.stack.postgres import Database
from tests.stack.provider.route import Route
from tests.stack.provider.server import Provider
from workers.runner import Runner

#: Words that may stand in no log and no message: of the answer, of the task, of what the
#: model says, and of the key.
ANSWERED, ASKED, SAID, KEY = "quokkas", "platypus", "wombats", "sk-narwhal"

_WAIT = """
    SELECT state, retries, run, error_reason, error_message,
           extract(epoch FROM next_run_at - updated_at)::float AS wait
    FROM jobs WHERE id = %s
"""

_LAPSE = text("UPDATE jobs SET lease_expires_at = now() - interval '1 s' WHERE id = :id")


class DeskWorker(Protocol):
    """A worker's process within this one."""

    @property
    def runner(self) -> Runner:
        """Takes jobs."""

    @property
    def stopping(self) -> threading.Event:
        """Set once it is asked to shut down."""

    def close(self) -> None:
        """End its threads and connections."""


class JobDesk(ABC):
    """What is done with jobs of any skill, on one database and one provider."""

    #: Of the settings that bound a call in time.
    prefix: str

    def __init__(self, database: Database, conn: Connection, provider: Provider) -> None:
        self.database = database
        self.conn = conn
        self.provider = provider
        self.workers: list[DeskWorker] = []

    @property
    @abstractmethod
    def route(self) -> Route:
        """What is asked of the provider about jobs of this desk."""

    @abstractmethod
    def submit(self) -> UUID:
        """Accept a job."""

    @abstractmethod
    def worker(self, url: str | None = None, **settings: Any) -> DeskWorker:
        """A worker that asks the provider at ``url``, or the one at hand."""

    def job(self, job_id: UUID) -> dict[str, Any]:
        """The job's row, with the ``wait`` until it is taken again in seconds."""
        [row] = self.database.rows(_WAIT, job_id)
        return row

    def let_pass(self) -> None:
        """Let the waits of all jobs be over."""
        self.conn.execute(text("UPDATE jobs SET next_run_at = now() WHERE next_run_at > now()"))
        release_due_retries(self.conn, 100)

    def lapse(self, job_id: UUID) -> None:
        """Let the lease of a job lapse, and let it be reaped."""
        policy = RetryPolicy(3, timedelta(seconds=300))
        transactions = self.conn.engine.execution_options(isolation_level="READ COMMITTED")
        with transactions.begin() as conn:
            conn.execute(_LAPSE, {"id": job_id})
            assert len(reap_lapsed_leases(conn, policy, 100)) == 1

    def run_to_end(self, worker: DeskWorker, job_id: UUID) -> list[float]:
        """Run a job until it ends; gives the waits between its runs."""
        waits: list[float] = []
        while True:
            worker.runner.run(job_id, NAME)
            job = self.job(job_id)
            if job["state"] != "retrying":
                return waits
            waits.append(job["wait"])
            self.let_pass()

    @contextmanager
    def running(self, worker: DeskWorker, *job_ids: UUID) -> Iterator[list[Future[None]]]:
        """Run jobs in the background; at the end of the block all runs are over.

        Raises:
            Exception: what a run raised.
        """
        with ThreadPoolExecutor(len(job_ids)) as pool:
            runs = [pool.submit(worker.runner.run, job_id, NAME) for job_id in job_ids]
            yield runs
            for run in runs:
                run.result(30)

    def result(self, job_id: UUID) -> GradingResult:
        """The result of a job that was graded."""
        result = get_result(self.conn, job_id).result
        assert isinstance(result, GradingResult)
        return result

    def calls(self, job_id: UUID) -> list[dict[str, Any]]:
        """The calls that were recorded for a job, in their order."""
        return self.database.rows(
            "SELECT * FROM provider_calls WHERE job_id = %s ORDER BY id", job_id
        )

    def outcomes(self, job_id: UUID) -> list[str]:
        """How the calls for a job came out, in their order."""
        return [call["outcome"] for call in self.calls(job_id)]

    def close(self) -> None:
        """End the workers."""
        for worker in self.workers:
            worker.close()
