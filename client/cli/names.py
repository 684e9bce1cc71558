"""The contract's enum values in words."""

from collections.abc import Callable
from typing import TypeVar

from vstep.grading.v1.job_pb2 import JobState, ReviewPriority, ReviewReason, Skill
from vstep.grading.v1.result_pb2 import (
    Band,
    CapReason,
    ConfidenceFactor,
    Criterion,
    Flag,
    ScoredBy,
)
from vstep.grading.v1.review_service_pb2 import (
    AgreementGrouping,
    AgreementMeasure,
    ReviewAction,
    ReviewState,
)

Value = TypeVar("Value", bound=int)


def state_word(state: JobState.ValueType) -> str:
    """Such as ``REVIEW REQUIRED``."""
    return _words(JobState.Name, "JOB_STATE_", state).upper()


def band_word(band: Band.ValueType) -> str:
    """Such as ``B2``."""
    return "below B1" if band == Band.BAND_BELOW_B1 else _words(Band.Name, "BAND_", band).upper()


def criterion_word(criterion: Criterion.ValueType) -> str:
    """Such as ``Task fulfillment``."""
    return _words(Criterion.Name, "CRITERION_", criterion).capitalize()


def cap_word(reason: CapReason.ValueType) -> str:
    """Such as ``too short``."""
    return _words(CapReason.Name, "CAP_REASON_", reason)


def flag_word(flag: Flag.ValueType) -> str:
    """Such as ``instructions to grader``."""
    return _words(Flag.Name, "FLAG_", flag)


def factor_word(factor: ConfidenceFactor.ValueType) -> str:
    """Such as ``scorer agreement``."""
    return _words(ConfidenceFactor.Name, "CONFIDENCE_FACTOR_", factor)


def priority_word(priority: ReviewPriority.ValueType) -> str:
    """Such as ``high``."""
    return _words(ReviewPriority.Name, "REVIEW_PRIORITY_", priority)


def review_reason_word(reason: ReviewReason.ValueType) -> str:
    """Such as ``low confidence``."""
    return _words(ReviewReason.Name, "REVIEW_REASON_", reason)


def review_state_word(state: ReviewState.ValueType) -> str:
    """Such as ``CLAIMED``."""
    return _words(ReviewState.Name, "REVIEW_STATE_", state).upper()


def action_word(action: ReviewAction.ValueType) -> str:
    """Such as ``released``."""
    return _words(ReviewAction.Name, "REVIEW_ACTION_", action)


def scored_by_word(scored_by: ScoredBy.ValueType) -> str:
    """Such as ``hybrid``."""
    return _words(ScoredBy.Name, "SCORED_BY_", scored_by)


def measure_word(measure: AgreementMeasure.ValueType) -> str:
    """Such as ``qwk``."""
    return _words(AgreementMeasure.Name, "AGREEMENT_MEASURE_", measure)


def grouping_word(grouping: AgreementGrouping.ValueType) -> str:
    """Such as ``rubric``."""
    return _words(AgreementGrouping.Name, "AGREEMENT_GROUPING_", grouping)


def skill_word(skill: Skill.ValueType) -> str:
    """Such as ``writing``."""
    return _words(Skill.Name, "SKILL_", skill)


def _words(name_of: Callable[[Value], str], prefix: str, value: Value) -> str:
    try:
        name = name_of(value)
    except ValueError:
        # The service is newer than this client and knows more values.
        return f"value {value}"
    return name.removeprefix(prefix).replace("_", " ").lower()
