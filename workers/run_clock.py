"""Times a run's stages, and counts how it came out."""

import time
from datetime import timedelta

from grading.domain.job import JobStage, JobState
from grading.domain.work import Skill
from grading.job_metrics import count_failed, count_graded, count_retried
from grading.store.run_writes import RunEnd
from workers import metrics


class RunClock:
    """The stages of one run. What is told of it is told once it is written."""

    def __init__(self, skill: Skill, waited: timedelta, *, is_first: bool) -> None:
        """``waited`` is the time from the job's acceptance to the claim."""
        self._skill = skill
        self._waited = waited.total_seconds()
        self._started = self._entered = time.monotonic()
        self._stage = JobStage.STARTING
        metrics.JOBS_RUNNING_OF[skill].inc()
        if is_first:
            metrics.STAGE_SECONDS_OF[skill, JobStage.WAITING].observe(self._waited)

    def enter(self, stage: JobStage) -> None:
        """Note that the run has come to ``stage``, or is still there."""
        if stage is not self._stage:
            self._leave()
            self._stage = stage

    def ended(self, end: RunEnd) -> None:
        """Count the end of the run, which has been written."""
        metrics.RUNS_OF[self._skill, _outcome(end)].inc()
        if end.graded is not None:
            count_graded(self._skill)
            taken = self._waited + time.monotonic() - self._started
            metrics.JOB_SECONDS_OF[self._skill, end.report.state].observe(taken)
        elif end.failure is not None:
            count = count_failed if end.wait is None else count_retried
            count(self._skill, end.failure.reason)

    def lost(self) -> None:
        """Count that the job was taken from the run."""
        metrics.RUNS_OF[self._skill, "lost"].inc()

    def stop(self) -> None:
        """End the stage under way, and the run."""
        self._leave()
        metrics.JOBS_RUNNING_OF[self._skill].dec()

    def _leave(self) -> None:
        now = time.monotonic()
        metrics.STAGE_SECONDS_OF[self._skill, self._stage].observe(now - self._entered)
        self._entered = now


def _outcome(end: RunEnd) -> str:
    if end.graded is not None:
        return "review_required" if end.report.state is JobState.REVIEW_REQUIRED else "completed"
    return "retried" if end.counts else end.outcome
