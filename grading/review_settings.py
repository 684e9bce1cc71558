"""The settings of reviews: how examiners share them out, and which are marked twice."""

from pydantic import Field

from grading.environment import EnvironmentSettings


class ReviewSettings(EnvironmentSettings):
    """How answers are marked by examiners, each setting under the variable that sets it."""

    #: How long an examiner holds a review without renewing the claim, in seconds.
    grading_review_claim_seconds: float = Field(900, ge=1, le=86_400)
    #: Share of the reviews that two examiners mark, who are not shown what others made of them.
    grading_double_mark_rate: float = Field(0, ge=0, le=1)
    #: How far back the metrics of agreement compare reviews, in seconds.
    grading_agreement_seconds: int = Field(30 * 86_400, ge=60, le=366 * 86_400)
