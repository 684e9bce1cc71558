"""Examiners at the door."""

from typing import Any

from tests.stack.door import Door
from vstep.grading.v1 import review_service_pb2 as reviews
from vstep.grading.v1.result_pb2 import (
    CRITERION_GRAMMAR,
    CRITERION_ORGANIZATION,
    CRITERION_TASK_FULFILLMENT,
    CRITERION_VOCABULARY,
)

ESSAY_CRITERIA = (
    CRITERION_TASK_FULFILLMENT,
    CRITERION_ORGANIZATION,
    CRITERION_VOCABULARY,
    CRITERION_GRAMMAR,
)


def essay_marks(score: float) -> list[reviews.CriterionMark]:
    """One score for each criterion of an essay."""
    return [reviews.CriterionMark(criterion=criterion, score=score) for criterion in ESSAY_CRITERIA]


def claim_review(door: Door, job_id: str, who: str = "anna") -> Any:
    """Take a review, or renew the claim."""
    request = reviews.ClaimReviewRequest(job_id=job_id, reviewer_id=who)
    return door.review.ClaimReview(request)


def mark(door: Door, job_id: str, score: float, who: str = "anna", comment: str = "") -> Any:
    """Take a review, and hand in one score for every criterion."""
    claim = claim_review(door, job_id, who).review.claim
    return door.review.SubmitReview(
        reviews.SubmitReviewRequest(
            job_id=job_id,
            reviewer_id=who,
            claim=claim,
            scores=essay_marks(score),
            comment=comment,
        )
    )


def review_file(door: Door, job_id: str) -> Any:
    """What an examiner is shown."""
    return door.review.GetReview(reviews.GetReviewRequest(job_id=job_id))
