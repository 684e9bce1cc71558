"""Runs one job: claim it, grade, write how it came out."""

import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from grading.domain.result import Outcome
from grading.domain.retry import RetryPolicy
from grading.domain.review import ReviewPolicy
from grading.domain.work import skill_of
from grading.exceptions import (
    AudioRefused,
    LeaseLost,
    PermanentFault,
    Postponed,
    TransientFault,
    WorkerStopping,
)
from grading.store.records import Failure, FailureReason
from grading.store.run_writes import (
    Graded,
    RunEnd,
    failed_end,
    graded_end,
    postponed_end,
    released_end,
    retried_end,
)
from grading.store.runs import keep_late_result
from workers.grader import Grader
from workers.held_run import HeldRun
from workers.hold import Hold
from workers.journal import Journal
from workers.providers.job_ledger import JobLedger
from workers.recordings import RecordingDesk
from workers.run_clock import RunClock

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Runner:
    """Takes a job from claim to settlement in the calling thread."""

    journal: Journal
    grader: Grader
    #: When a job is taken again after a passing fault.
    policy: RetryPolicy
    #: Which results a person has to look at.
    review: ReviewPolicy
    #: Whether the worker was asked to shut down.
    stopping: Callable[[], bool]
    #: What all workers together may use of a model; None for no limit.
    tokens_per_minute: int | None = None
    #: Where recordings are had from; None in a worker that grades none.
    desk: RecordingDesk | None = None

    def run(self, job_id: UUID, worker: str) -> None:
        """Grade the job as ``worker``, if it is to be had; another's job is left alone.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database was lost on the way. The
                job stays with this run until its lease lapses and is taken again.
        """
        hold = self.journal.claim(job_id, worker)
        if hold is None:
            _log.info("job_not_claimed", job_id=str(job_id))
            return
        log = _log.bind(job_id=str(job_id), run=hold.claim.run)
        log.info("job_claimed")
        claim = hold.claim
        clock = RunClock(skill_of(claim.work), claim.waited, is_first=claim.run == 1)
        try:
            self._grade_and_settle(hold, clock)
        except WorkerStopping:
            with suppress(LeaseLost):
                _end(hold, clock, released_end())
            log.info("job_given_back")
        except LeaseLost:
            clock.lost()
            log.warning("lease_lost")
        else:
            log.info("run_ended")
        finally:
            clock.stop()
            self.journal.forget(hold)

    def _grade_and_settle(self, hold: Hold, clock: RunClock) -> None:
        started = time.monotonic()
        outcome = self._grade(hold, clock)
        took = timedelta(seconds=time.monotonic() - started)
        match outcome:
            case TransientFault():
                _end(hold, clock, self._after(outcome, hold.claim.retries))
            case Postponed():
                failure = Failure(FailureReason.POSTPONED, outcome.message)
                _end(hold, clock, postponed_end(failure, timedelta(seconds=outcome.wait)))
            case Failure():
                _end(hold, clock, failed_end(outcome))
            case _:
                self._settle(hold, clock, outcome, took)

    def _settle(self, hold: Hold, clock: RunClock, result: Outcome, took: timedelta) -> None:
        routing = self.review.route(result, hold.claim.job_id)
        graded = Graded(result, took, routing, self.review.holds_back(routing))
        try:
            _end(hold, clock, graded_end(graded))
        except LeaseLost:
            self.journal.call(
                partial(keep_late_result, held=hold.claim, result=result, grading_duration=took)
            )
            raise

    def _after(self, fault: TransientFault, retries: int) -> RunEnd:
        if self.policy.allows(retries):
            wait = self.policy.wait_asked(retries + 1, random.random(), fault.retry_after)
            return retried_end(Failure(FailureReason.TRANSIENT, fault.message), wait)
        message = f"{fault.message}; {retries} retries were made before"
        return failed_end(Failure(FailureReason.RETRIES_EXHAUSTED, message))

    def _grade(self, hold: Hold, clock: RunClock) -> Outcome | Failure | TransientFault | Postponed:
        run = HeldRun(
            hold,
            JobLedger(self.journal, hold.claim, self.tokens_per_minute),
            is_last=not self.policy.allows(hold.claim.retries),
            stopping=self.stopping,
            desk=self.desk,
            clock=clock,
        )
        try:
            return self.grader.grade(hold.claim.work, run)
        except (TransientFault, Postponed) as fault:
            return fault
        except PermanentFault as fault:
            return Failure(FailureReason.PROVIDER_FAILED, fault.message)
        except AudioRefused as refused:
            message = f"{refused.problem.value}: {refused.message}"
            return Failure(FailureReason.AUDIO_REFUSED, message)
        except (LeaseLost, WorkerStopping, SQLAlchemyError):
            raise
        except Exception as error:
            # The same text would break the same grader again: no retry. The
            # error's own words may quote the text, so only its class is kept.
            _log.error("grader_failed", job_id=str(hold.claim.job_id), error=type(error).__name__)
            return Failure(
                FailureReason.GRADER_FAILED, f"the grader failed with {type(error).__name__}"
            )


def _end(hold: Hold, clock: RunClock, end: RunEnd) -> None:
    hold.end(end)
    clock.ended(end)
