"""What the store must say of a job after each step, in plain Python."""

from dataclasses import dataclass, field

from grading.domain.job import CLAIMABLE, RUNNING, TERMINAL, JobState, may_follow


@dataclass
class ModelRun:
    """A worker's turn at a job."""

    #: None while the run holds the job.
    outcome: str | None = None


@dataclass
class ModelJob:
    """A job. Times are yes or no: whether the moment has come."""

    state: JobState = JobState.QUEUED
    sequence: int = 1
    retries: int = 0
    runs: list[ModelRun] = field(default_factory=list)
    #: The lease of the run at work has run out.
    lapsed: bool = False
    overdue: bool = False
    #: A retry's wait: None where there is none, else whether it is over.
    due: bool | None = None
    delayed: bool = False
    #: In the outbox: None where it isn't, else whether it was sent.
    sent: bool | None = False
    #: Only where the deadline failed it.
    deadline_failed: bool = False
    result_run: int | None = None

    @property
    def run(self) -> int:
        """The newest run."""
        return len(self.runs)

    def holds(self, run: int) -> bool:
        """Whether this run may write."""
        return self.state in RUNNING and run == self.run

    def claimable(self) -> bool:
        """Whether a worker gets the job."""
        return self.state in CLAIMABLE and self.due is not False and not self.overdue

    def move(self, state: JobState, outcome: str | None = None) -> None:
        """Go to another state, with an event; a run that leaves the running states ends."""
        assert may_follow(self.state, state) or (state == self.state and state in RUNNING)
        if self.state in RUNNING and state not in RUNNING:
            assert outcome is not None
            self.runs[-1].outcome = outcome
            self.lapsed = False
        if state in TERMINAL:
            self.due = self.sent = None
        self.state = state
        self.sequence += 1

    def claim(self) -> None:
        """A worker took the job."""
        self.move(JobState.PROCESSING)
        self.runs.append(ModelRun())
        self.due = self.sent = None

    def retry(self, outcome: str, *, counts: bool, due: bool) -> None:
        """The run ended, and another is to come."""
        self.move(JobState.RETRYING, outcome)
        self.retries += counts
        self.due = due

    def flag(self) -> None:
        """It was said that the job is delayed."""
        self.delayed = True
        self.sequence += 1
