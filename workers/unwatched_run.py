"""A run of no job: for graders that are called outside of the service."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from grading.domain.job import JobStage
from workers.grader import ReportProgress
from workers.providers.ledger import CallLedger


def _tell_nobody(stage: JobStage, progress: float, message: str) -> None:
    del stage, progress, message


@dataclass(frozen=True)
class UnwatchedRun:
    """A Run that nobody takes away or repeats."""

    report: ReportProgress = _tell_nobody
    #: Where calls to providers are kept; None for graders that make none.
    calls: CallLedger | None = None
    is_last: bool = True
    is_lost: bool = False
    is_stopping: bool = False

    def recording(self) -> AbstractContextManager[Path]:
        """None: who calls a grader outside of the service has the recording at hand."""
        raise LookupError("a run of no job has no recording")

    @property
    def ledger(self) -> CallLedger:
        """Where calls to providers are kept."""
        assert self.calls is not None
        return self.calls
