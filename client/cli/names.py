"""The contract's enum values in words."""

from collections.abc import Callable
from typing import TypeVar

from vstep.grading.v1.job_pb2 import JobState
from vstep.grading.v1.result_pb2 import Band, CapReason, Criterion, Flag

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


def _words(name_of: Callable[[Value], str], prefix: str, value: Value) -> str:
    try:
        name = name_of(value)
    except ValueError:
        # The service is newer than this client and knows more values.
        return f"value {value}"
    return name.removeprefix(prefix).replace("_", " ").lower()
