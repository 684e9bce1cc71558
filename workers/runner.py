"""Runs one job: claim it, keep its lease, grade, settle."""

import time
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from grading.domain.job import JobStage, JobState
from grading.domain.result import GradingResult
from grading.exceptions import LeaseLost
from grading.store import runs
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
                started = time.monotonic()
                result = self._grade(held, keeper)
                took = timedelta(seconds=time.monotonic() - started)
                keeper.check()
                with self.engine.connect() as conn:
                    if isinstance(result, Failure):
                        runs.fail(conn, held, result)
                    else:
                        runs.settle(conn, held, result, took)
        except LeaseLost:
            log.warning("lease_lost")
            return
        log.info("job_settled", seconds=round(took.total_seconds(), 3))

    def _grade(self, held: Claim, keeper: LeaseKeeper) -> GradingResult | Failure:
        def report(stage: JobStage, progress: float, message: str) -> None:
            keeper.check()
            with self.engine.connect() as conn:
                runs.advance(conn, held, _STATE_OF_STAGE[stage], stage, progress, message)

        try:
            return self.grader.grade(held.work, report)
        except (LeaseLost, SQLAlchemyError):
            raise
        except Exception as error:
            # The same text would break the same grader again: no retry. The
            # error's own words may quote the text, so only its class is kept.
            _log.error("grader_failed", job_id=str(held.job_id), error=type(error).__name__)
            return Failure(
                FailureReason.GRADER_FAILED, f"the grader failed with {type(error).__name__}"
            )
