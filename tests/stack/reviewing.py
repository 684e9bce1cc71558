"""What examiners send."""

from vstep.grading.v1.result_pb2 import (
    CRITERION_GRAMMAR,
    CRITERION_ORGANIZATION,
    CRITERION_TASK_FULFILLMENT,
    CRITERION_VOCABULARY,
)
from vstep.grading.v1.review_service_pb2 import CriterionMark

ESSAY_CRITERIA = (
    CRITERION_TASK_FULFILLMENT,
    CRITERION_ORGANIZATION,
    CRITERION_VOCABULARY,
    CRITERION_GRAMMAR,
)


def essay_marks(score: float) -> list[CriterionMark]:
    """One score for each criterion of an essay."""
    return [CriterionMark(criterion=criterion, score=score) for criterion in ESSAY_CRITERIA]
