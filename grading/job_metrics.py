"""What becomes of jobs, counted where it happens: in servers and in workers.

A job is counted once, by the process whose write ended it, so sums over all processes are right.
"""

from enum import StrEnum

from prometheus_client import Counter

from grading.domain.work import Skill
from grading.store.records import FailureReason


class SlaOutcome(StrEnum):
    """Whether a job had its result in the time that its skill allows."""

    KEPT = "kept"
    MISSED = "missed"


#: Why a run is followed by another.
RETRIED_FOR = (FailureReason.TRANSIENT, FailureReason.POSTPONED, FailureReason.WORKER_LOST)
#: Why a job ends without a result.
FAILED_FOR = tuple(reason for reason in FailureReason if reason not in RETRIED_FOR)
#: The answer's fault, and not the service's.
_NOT_OURS = frozenset({FailureReason.AUDIO_REFUSED})

_FAILED = Counter(
    "vstep_jobs_failed_total", "Jobs that ended without a result.", ("skill", "reason")
)
_RETRIED = Counter(
    "vstep_job_retries_total",
    "Runs after which a job was to be taken again, by what ended them.",
    ("skill", "reason"),
)
_SLA = Counter(
    "vstep_sla_jobs_total",
    "Jobs by whether they had a result within the time that their skill allows. Left out: those"
    " that were cancelled, and recordings that can't be used.",
    ("skill", "outcome"),
)

# All series are there from the beginning: a rate needs a value before the first event.
_FAILED_OF = {
    (skill, reason): _FAILED.labels(skill, reason) for skill in Skill for reason in FAILED_FOR
}
_RETRIED_OF = {
    (skill, reason): _RETRIED.labels(skill, reason) for skill in Skill for reason in RETRIED_FOR
}
_SLA_OF = {
    (skill, outcome): _SLA.labels(skill, outcome) for skill in Skill for outcome in SlaOutcome
}


def count_graded(skill: Skill) -> None:
    """Count a job that came to a result; the store takes none after the deadline."""
    _SLA_OF[skill, SlaOutcome.KEPT].inc()


def count_failed(skill: Skill, reason: FailureReason) -> None:
    """Count a job that ended without a result."""
    _FAILED_OF[skill, reason].inc()
    if reason not in _NOT_OURS:
        _SLA_OF[skill, SlaOutcome.MISSED].inc()


def count_retried(skill: Skill, reason: FailureReason) -> None:
    """Count a run after which the job is to be taken again."""
    _RETRIED_OF[skill, reason].inc()
