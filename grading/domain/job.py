"""The life of a job: its states and the moves between them."""

from enum import StrEnum


class JobState(StrEnum):
    """Where a job stands."""

    #: Durable; waiting for a worker.
    QUEUED = "queued"
    #: A worker holds the lease.
    PROCESSING = "processing"
    #: The answer is being measured.
    ANALYZING = "analyzing"
    #: Criteria, caps and the score are computed.
    GRADING = "grading"
    #: A retryable fault; ``next_run_at`` is set.
    RETRYING = "retrying"
    #: Machine grading is done, a person must confirm; the learner sees no score.
    REVIEW_REQUIRED = "review_required"
    #: The result stands.
    COMPLETED = "completed"
    #: Ended without a result.
    FAILED = "failed"
    #: Ended by the client.
    CANCELLED = "cancelled"


class JobStage(StrEnum):
    """What was going on when an event was written; finer than the state."""

    WAITING = "waiting"
    STARTING = "starting"
    MEASURING = "measuring"
    SCORING = "scoring"
    REVIEWING = "reviewing"
    ENDED = "ended"


#: Nothing ever leaves these.
TERMINAL = frozenset({JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED})
#: A worker may take a job in one of these.
CLAIMABLE = frozenset({JobState.QUEUED, JobState.RETRYING})
#: A worker holds the job's lease.
RUNNING = frozenset({JobState.PROCESSING, JobState.ANALYZING, JobState.GRADING})
#: A deadline applies. REVIEW_REQUIRED has none: a person's pace is not the service's.
UNFINISHED = CLAIMABLE | RUNNING

_ENDS = frozenset({JobState.FAILED, JobState.CANCELLED})

TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: _ENDS | {JobState.PROCESSING},
    JobState.PROCESSING: _ENDS | {JobState.ANALYZING, JobState.RETRYING},
    JobState.ANALYZING: _ENDS | {JobState.GRADING, JobState.RETRYING},
    JobState.GRADING: _ENDS | {JobState.COMPLETED, JobState.REVIEW_REQUIRED, JobState.RETRYING},
    JobState.RETRYING: _ENDS | {JobState.PROCESSING},
    JobState.REVIEW_REQUIRED: frozenset({JobState.COMPLETED}),
    JobState.COMPLETED: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELLED: frozenset(),
}


def may_follow(state: JobState, following: JobState) -> bool:
    """Tell whether a job in ``state`` may move to ``following``."""
    return following in TRANSITIONS[state]
