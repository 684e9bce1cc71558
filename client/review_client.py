"""The calls of examiners, for Python."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import grpc

from client.connection import Connected
from client.repetition import call_until_answered
from client.tls import Tls
from vstep.grading.v1.job_pb2 import ReviewPriority, Skill
from vstep.grading.v1.result_pb2 import Criterion
from vstep.grading.v1.review_service_pb2 import (
    AgreementGrouping,
    ClaimReviewRequest,
    ClaimReviewResponse,
    CriterionMark,
    GetAgreementRequest,
    GetAgreementResponse,
    GetReviewRequest,
    GetReviewResponse,
    ListReviewsRequest,
    ReleaseReviewRequest,
    Review,
    ReviewState,
    SubmitReviewRequest,
    SubmitReviewResponse,
)
from vstep.grading.v1.review_service_pb2_grpc import ReviewServiceStub


class ReviewClient(Connected):
    """Lists, claims, shows, marks and gives back the results that wait for an examiner.

    Every call is made again after a passing fault, until ``deadline`` seconds are over, and then
    raises ``CallRefused``.
    """

    def __init__(
        self,
        target: str | grpc.Channel,
        *,
        deadline: float = 30.0,
        tls: Tls | None = None,
        token: str | None = None,
    ) -> None:
        """Connect as ``GradingClient`` does; the token needs the scope ``review``.

        Raises:
            TlsFileUnusable, TokenUnprotected, TokenUnusable: as there.
        """
        super().__init__(target, deadline=deadline, tls=tls, token=token)
        self._stub = ReviewServiceStub(self._channel)

    def list(
        self,
        *,
        skill: Skill.ValueType = Skill.SKILL_UNSPECIFIED,
        priority: ReviewPriority.ValueType = ReviewPriority.REVIEW_PRIORITY_UNSPECIFIED,
        state: ReviewState.ValueType = ReviewState.REVIEW_STATE_UNSPECIFIED,
        claimed_by: str = "",
        reviewer_id: str = "",
        page_size: int = 0,
    ) -> Iterator[Review]:
        """Reviews in their order; pages are fetched as the iteration comes to them.

        ``claimed_by`` keeps those that an examiner holds; ``reviewer_id`` leaves out those that
        an examiner has marked, and that wait for another.
        """
        request = ListReviewsRequest(
            page_size=page_size,
            skill=skill,
            priority=priority,
            state=state,
            claimed_by=claimed_by,
            reviewer_id=reviewer_id,
        )
        while True:
            page = call_until_answered(self._stub.ListReviews, request, self._deadline)
            yield from page.reviews
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def get(self, job_id: str) -> GetReviewResponse:
        """What an examiner needs to mark an answer."""
        request = GetReviewRequest(job_id=job_id)
        return call_until_answered(self._stub.GetReview, request, self._deadline)

    def claim(self, job_id: str, *, reviewer_id: str) -> ClaimReviewResponse:
        """Take a review, or hold it for longer."""
        request = ClaimReviewRequest(job_id=job_id, reviewer_id=reviewer_id)
        return call_until_answered(self._stub.ClaimReview, request, self._deadline)

    def release(self, job_id: str, *, reviewer_id: str) -> Review:
        """Give a review back."""
        request = ReleaseReviewRequest(job_id=job_id, reviewer_id=reviewer_id)
        return call_until_answered(self._stub.ReleaseReview, request, self._deadline).review

    def submit(
        self,
        job_id: str,
        scores: Mapping[Criterion.ValueType, float],
        *,
        reviewer_id: str,
        claim: int,
        comment: str = "",
    ) -> SubmitReviewResponse:
        """Hand marks in, under the number that ``claim`` gave; stored once, however often."""
        request = SubmitReviewRequest(
            job_id=job_id,
            reviewer_id=reviewer_id,
            claim=claim,
            scores=[
                CriterionMark(criterion=criterion, score=score)
                for criterion, score in scores.items()
            ],
            comment=comment,
        )
        return call_until_answered(self._stub.SubmitReview, request, self._deadline)

    def agreement(
        self,
        skill: Skill.ValueType,
        *,
        finished_from: datetime | None = None,
        finished_before: datetime | None = None,
        by: Sequence[AgreementGrouping.ValueType] = (),
        drift: bool = False,
    ) -> GetAgreementResponse:
        """How far the machine and examiners agree, in reviews finished in a period.

        Times without a zone are UTC; without any it is the last 30 days.
        """
        request = GetAgreementRequest(skill=skill, by=by, drift=drift)
        if finished_from is not None:
            request.finished_from.FromDatetime(finished_from)
        if finished_before is not None:
            request.finished_before.FromDatetime(finished_before)
        return call_until_answered(self._stub.GetAgreement, request, self._deadline)
