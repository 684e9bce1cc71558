"""A run of a job that this process holds."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from grading.domain.job import JobStage, JobState
from grading.exceptions import WorkerStopping
from grading.store.run_writes import Report
from workers.hold import Hold
from workers.providers.ledger import CallLedger
from workers.recordings import RecordingDesk
from workers.run_clock import RunClock

_STATE_OF_STAGE = {
    JobStage.STARTING: JobState.PROCESSING,
    JobStage.MEASURING: JobState.ANALYZING,
    JobStage.SCORING: JobState.GRADING,
}


@dataclass(frozen=True)
class HeldRun:
    """A Run whose events are written by the journal."""

    hold: Hold
    ledger: CallLedger
    #: Whether a passing fault would fail the job.
    is_last: bool
    #: Whether the worker was asked to shut down.
    stopping: Callable[[], bool]
    #: Where recordings are had from; None in a worker that grades none.
    desk: RecordingDesk | None = None
    #: Told of the run's stages.
    clock: RunClock | None = None

    @property
    def is_lost(self) -> bool:
        """Whether the job is known to be no longer this run's."""
        return self.hold.is_lost

    @property
    def is_stopping(self) -> bool:
        """Whether the worker was asked to shut down."""
        return self.stopping()

    def recording(self) -> AbstractContextManager[Path]:
        """The job's recording, as a file that is gone afterwards."""
        assert self.desk is not None
        return self.desk.at_hand(self.hold.claim, self.go_on)

    def go_on(self) -> None:
        """See whether there is any use in going on.

        Raises:
            LeaseLost: the job is no longer this run's.
            WorkerStopping: the worker shuts down.
        """
        if self.stopping():
            raise WorkerStopping
        self.hold.check()

    def report(self, stage: JobStage, progress: float, message: str) -> None:
        """Have an event written within a moment.

        Raises:
            LeaseLost: the job is no longer this run's.
            WorkerStopping: the worker shuts down.
        """
        self.go_on()
        if self.clock is not None:
            self.clock.enter(stage)
        self.hold.report(Report(_STATE_OF_STAGE[stage], stage, progress, message))
