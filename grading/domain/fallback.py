"""When the embedded grader takes the place of a model."""

from enum import StrEnum


class Fallback(StrEnum):
    """What becomes of a job whose model gives no usable evidence."""

    #: It fails.
    NONE = "none"
    #: The embedded grader grades it alone, and the provenance says why.
    EMBEDDED = "embedded"


class BudgetAction(StrEnum):
    """What becomes of a job that would pass the month's budget."""

    #: The embedded grader grades it alone.
    FALL_BACK = "fall_back"
    #: It waits until its deadline for the budget to be raised.
    WAIT = "wait"
