"""What the task runner asks of a grader."""

from typing import Protocol

from grading.domain.job import JobStage
from grading.domain.result import GradingResult, NotAssessable
from grading.domain.work import SpeakingWork, WritingWork


class ReportProgress(Protocol):
    """Tells the job's watchers how far a run is.

    Raises:
        LeaseLost: the job is no longer this run's; the grader must stop at once.
    """

    def __call__(self, stage: JobStage, progress: float, message: str) -> None:
        """Report ``progress``, 0 to 1 over the whole run, never less than before."""


class WritingGrader(Protocol):
    """Grades one answer to a writing task."""

    def grade(self, work: WritingWork, report: ReportProgress) -> GradingResult:
        """Grade ``work``; deterministic under the versions its provenance names."""


class SpeakingGrader(Protocol):
    """Grades one recorded answer to a part of the speaking paper."""

    def grade(self, work: SpeakingWork, report: ReportProgress) -> GradingResult | NotAssessable:
        """Grade ``work``; deterministic under the versions its provenance names.

        Raises:
            AudioRefused: the recording can't be used, and trying again would not help.
        """
