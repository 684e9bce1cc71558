"""Runs one job: claim it, keep its lease, grade, settle."""

import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from grading.domain.job import JobStage, JobState
from grading.domain.result import GradingResult
from grading.domain.retry import RetryPolicy
from grading.domain.review import ReviewPolicy
from grading.exceptions import LeaseLost, TransientFault, WorkerStopping
from grading.store import runs
from grading.store.interruptions import keep_late_result, release_run, retry_run
from grading.store.records import Claim, Failure, FailureReason
from workers.grader import WritingGrader
from workers.lease import LeaseKeeper

_log = structlog.get_logger(__name__)

_STATE_OF_STAGE = {
    JobStage.STARTING: JobState.PROCESSING,
    JobStage.MEASURING: JobState.ANALYZING,
    JobStage.SCORING: JobState.GRADING,
}


@dataclass(frozen=True)
class Runner:
    """Takes a job from claim to settlement in the calling thread."""

    engine: Engine
    grader: WritingGrader
    #: How long a claim holds without a renewal.
    lease: timedelta
    #: When a job is taken again after a passing fault.
    policy: RetryPolicy
    #: Which results a person has to look at.
    review: ReviewPolicy
    #: Whether the worker was asked to shut down.
    stopping: Callable[[], bool]

    def run(self, job_id: UUID, worker: str) -> None:
        """Grade the job as ``worker``, if it is to be had; another's job is left alone.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database was lost on the way. The
                job stays with this run until its lease lapses and is taken again.
        """
        with self.engine.connect() as conn:
            held = runs.claim(conn, job_id, worker, self.lease)
        if held is None:
            _log.info("job_not_claimed", job_id=str(job_id))
            return
        log = _log.bind(job_id=str(job_id), run=held.run)
        log.info("job_claimed")
        try:
            with LeaseKeeper(self.engine, held, self.lease) as keeper:
                self._grade_and_settle(held, keeper)
        except WorkerStopping:
            self._give_back(held)
            log.info("job_given_back")
        except LeaseLost:
            log.warning("lease_lost")
        else:
            log.info("run_ended")

    def _grade_and_settle(self, held: Claim, keeper: LeaseKeeper) -> None:
        started = time.monotonic()
        outcome = self._grade(held, keeper)
        took = timedelta(seconds=time.monotonic() - started)
        with self.engine.connect() as conn:
            match outcome:
                case TransientFault():
                    self._retry(conn, held, outcome)
                case Failure():
                    runs.fail(conn, held, outcome)
                case _:
                    routing = self.review.route(outcome, held.job_id)
                    held_back = self.review.holds_back(routing)
                    try:
                        runs.settle(conn, held, outcome, took, routing, held_back=held_back)
                    except LeaseLost:
                        keep_late_result(conn, held, outcome, took)
                        raise

    def _retry(self, conn: Connection, held: Claim, fault: TransientFault) -> None:
        if self.policy.allows(held.retries):
            wait = self.policy.wait_asked(held.retries + 1, random.random(), fault.retry_after)
            retry_run(conn, held, Failure(FailureReason.TRANSIENT, fault.message), wait)
        else:
            message = f"{fault.message}; {held.retries} retries were made before"
            runs.fail(conn, held, Failure(FailureReason.RETRIES_EXHAUSTED, message))

    def _give_back(self, held: Claim) -> None:
        with self.engine.connect() as conn, suppress(LeaseLost):
            release_run(conn, held)

    def _grade(self, held: Claim, keeper: LeaseKeeper) -> GradingResult | Failure | TransientFault:
        def report(stage: JobStage, progress: float, message: str) -> None:
            if self.stopping():
                raise WorkerStopping
            keeper.check()
            with self.engine.connect() as conn:
                runs.advance(conn, held, _STATE_OF_STAGE[stage], stage, progress, message)

        try:
            return self.grader.grade(held.work, report)
        except TransientFault as fault:
            return fault
        except (LeaseLost, WorkerStopping, SQLAlchemyError):
            raise
        except Exception as error:
            # The same text would break the same grader again: no retry. The
            # error's own words may quote the text, so only its class is kept.
            _log.error("grader_failed", job_id=str(held.job_id), error=type(error).__name__)
            return Failure(
                FailureReason.GRADER_FAILED, f"the grader failed with {type(error).__name__}"
            )
