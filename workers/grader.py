"""What the task runner asks of a grader, and what it gives it."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from grading.domain.job import JobStage
from grading.domain.result import GradingResult, NotAssessable, Outcome
from grading.domain.work import SpeakingWork, Work, WritingWork
from workers.providers.ledger import CallLedger


class ReportProgress(Protocol):
    """Tells the job's watchers how far a run is.

    Raises:
        LeaseLost: the job is no longer this run's; the grader must stop at once.
        WorkerStopping: the worker shuts down; likewise.
    """

    def __call__(self, stage: JobStage, progress: float, message: str) -> None:
        """Report ``progress``, 0 to 1 over the whole run, never less than before."""


class Run(Protocol):
    """A run of a job, as its grader sees it."""

    @property
    def report(self) -> ReportProgress:
        """Tells the job's watchers how far it is."""

    @property
    def is_last(self) -> bool:
        """Whether a passing fault of this run would fail the job."""

    @property
    def is_lost(self) -> bool:
        """Whether the job is known to be no longer this run's."""

    @property
    def is_stopping(self) -> bool:
        """Whether the worker was asked to shut down."""

    @property
    def ledger(self) -> CallLedger:
        """Where calls to providers are kept."""

    def recording(self) -> AbstractContextManager[Path]:
        """The recording of a job of speaking, as a file that is gone afterwards.

        Raises:
            AudioRefused: when it is entered; the recording is not to be had.
            TransientFault: likewise; it can't be had now.
        """


class Grader(Protocol):
    """Grades work of any skill."""

    def grade(self, work: Work, run: Run) -> Outcome:
        """Grade ``work``; raises what a WritingGrader or a SpeakingGrader does."""


class WritingGrader(Protocol):
    """Grades one answer to a writing task."""

    def grade(self, work: WritingWork, run: Run) -> GradingResult:
        """Grade ``work``; deterministic under the versions its provenance names.

        Raises:
            LeaseLost, WorkerStopping: as ``run.report`` does.
            TransientFault: another run may go well.
            PermanentFault: none will.
            Postponed: the job has to wait.
        """


class SpeakingGrader(Protocol):
    """Grades one recorded answer to a part of the speaking paper."""

    def grade(self, work: SpeakingWork, run: Run) -> GradingResult | NotAssessable:
        """Grade ``work``; deterministic under the versions its provenance names.

        Raises:
            AudioRefused: the recording can't be used, and trying again would not help.
            LeaseLost, WorkerStopping, TransientFault, PermanentFault, Postponed: as of a
                WritingGrader.
        """
