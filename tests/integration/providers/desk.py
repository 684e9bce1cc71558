"""Jobs at hand, workers that ask a scripted provider about them, and time that is moved on."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from interlock import CircuitBreaker
from sqlalchemy import Connection, text

from grading.domain.result import GradingResult
from grading.domain.retry import RetryPolicy
from grading.domain.work import Prompt
from grading.store.acceptance import accept
from grading.store.jobs import get_result
from grading.store.reaping import reap_lapsed_leases, release_due_retries
from tests.stack.light_measurer import LightMeasurer
from tests.stack.llm_worker import NAME, LlmWorker
from tests.stack.postgres import Database
from tests.stack.provider.server import Provider
from tests.stack.submissions import new_job
from workers.writing.measurer import Measurer

#: Words that may stand in no log and no message: of the answer, of the task, of what the
#: model says, and of the key.
ANSWERED, ASKED, SAID, KEY = "quokkas", "platypus", "wombats", "sk-narwhal"

TASK = f"Write about the {ASKED}."
ESSAY = (
    "Many people in my country want to keep wild animals at home these days. "
    f"I believe that {ANSWERED} and other small animals belong in the forest. "
    "First, an animal that is used to running free becomes ill in a narrow cage. "
    "For example, my uncle bought a young monkey, and it died after one winter. "
    "Second, the owners often do not know what the animal has to eat. "
    "On the other hand, some families learn a lot about nature from a pet. "
    "However, a visit to a good park teaches the same lesson without any harm. "
    "In conclusion, wild animals should be admired where they live, and nowhere else."
)

_WAIT = """
    SELECT state, retries, run, error_reason, error_message,
           extract(epoch FROM next_run_at - updated_at)::float AS wait
    FROM jobs WHERE id = %s
"""

_LAPSE = text("UPDATE jobs SET lease_expires_at = now() - interval '1 s' WHERE id = :id")


class Desk:
    """Makes jobs and workers on one database and one provider."""

    def __init__(self, database: Database, conn: Connection, provider: Provider) -> None:
        self.database = database
        self.conn = conn
        self.provider = provider
        self._workers: list[LlmWorker] = []

    def worker(
        self,
        url: str | None = None,
        measurer: Measurer | None = None,
        breakers: tuple[CircuitBreaker | None, ...] = (None, None),
        **settings: Any,
    ) -> LlmWorker:
        """A worker whose evidence alone scores, unless ``settings`` say otherwise."""
        made = LlmWorker(
            self.database.settings(
                openai_api_key=KEY,
                openai_base_url=url or self.provider.url,
                **{"grading_scorers": "evidence", **settings},
            ),
            measurer or LightMeasurer(),
            breakers,
        )
        self._workers.append(made)
        return made

    def submit(self, essay: str = ESSAY) -> UUID:
        """Accept a job."""
        job = new_job(text=essay)
        prompt = Prompt(TASK, ("Say what you think", "Give two reasons"))
        job = replace(job, work=replace(job.work, prompt=prompt))
        accept(self.conn, [job])
        return job.id

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
            assert reap_lapsed_leases(conn, policy, 100) == 1

    def run_to_end(self, worker: LlmWorker, job_id: UUID) -> list[float]:
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
    def running(self, worker: LlmWorker, *job_ids: UUID) -> Iterator[list[Future[None]]]:
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
        for worker in self._workers:
            worker.close()
