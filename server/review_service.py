"""ReviewService: each method reads its request, calls a use case and writes the answer."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from grpc.aio import ServicerContext

from grading.domain.double_marking import DoubleMarking
from grading.store.jobs import get_job
from grading.store.review_listing import ReviewFilter, ReviewPlace, list_reviews
from grading.store.review_marks import submit_marks
from grading.store.review_records import Reviewer, ReviewState
from grading.store.reviews import claim_review, read_review, release_review
from server.agreement import find_agreement
from server.agreement_messages import agreement_to, groupings_from, period_from
from server.calling import current_caller, current_tenant
from server.messages import priority_from, skill_from
from server.page_token import read_review_token, write_review_token
from server.review_messages import file_to, marks_from, review_state_from, review_to
from server.store import Store
from vstep.grading.v1 import review_service_pb2 as messages
from vstep.grading.v1.review_service_pb2_grpc import ReviewServiceServicer

DEFAULT_PAGE_SIZE = 50

Context = ServicerContext[Any, Any]


@dataclass(frozen=True)
class ReviewService(ReviewServiceServicer):
    """Serves the contract. Requests come validated; errors leave as exceptions."""

    store: Store
    #: How long an examiner holds a review without renewing the claim.
    lease: timedelta
    #: Which answers are marked twice.
    double_marking: DoubleMarking

    async def ListReviews(
        self, request: messages.ListReviewsRequest, context: Context
    ) -> messages.ListReviewsResponse:
        wanted = ReviewFilter(
            skill=skill_from(request.skill),
            priority=priority_from(request.priority),
            state=review_state_from(request.state),
            claimed_by=request.claimed_by or None,
            reviewer_id=request.reviewer_id or None,
            tenant=current_tenant(),
        )
        after = read_review_token(request.page_token, wanted)
        size = request.page_size or DEFAULT_PAGE_SIZE
        # One more than the page holds tells whether another follows.
        found = await self.store.run(list_reviews, wanted, after, size + 1, self.double_marking)
        page = found[:size]
        more = len(found) > size
        return messages.ListReviewsResponse(
            reviews=[review_to(review) for review in page],
            next_page_token=write_review_token(ReviewPlace.of(page[-1]), wanted) if more else "",
        )

    async def GetReview(
        self, request: messages.GetReviewRequest, context: Context
    ) -> messages.GetReviewResponse:
        file = await self.store.run(
            read_review, UUID(request.job_id), current_tenant(), self.double_marking
        )
        return file_to(file)

    async def ClaimReview(
        self, request: messages.ClaimReviewRequest, context: Context
    ) -> messages.ClaimReviewResponse:
        review, renewed = await self.store.run_in_transaction(
            claim_review,
            UUID(request.job_id),
            _reviewer(request.reviewer_id),
            self.lease,
            self.double_marking,
        )
        return messages.ClaimReviewResponse(review=review_to(review), renewed=renewed)

    async def ReleaseReview(
        self, request: messages.ReleaseReviewRequest, context: Context
    ) -> messages.ReleaseReviewResponse:
        review = await self.store.run_in_transaction(
            release_review,
            UUID(request.job_id),
            _reviewer(request.reviewer_id),
            self.double_marking,
        )
        return messages.ReleaseReviewResponse(review=review_to(review))

    async def SubmitReview(
        self, request: messages.SubmitReviewRequest, context: Context
    ) -> messages.SubmitReviewResponse:
        job_id, reviewer = UUID(request.job_id), _reviewer(request.reviewer_id)
        job = await self.store.run(get_job, job_id, reviewer.tenant)
        marks = marks_from(request, job.skill)
        handed = await self.store.run_in_transaction(
            submit_marks,
            job_id,
            reviewer,
            request.claim,
            marks,
            request.comment,
            self.double_marking,
        )
        answer = messages.SubmitReviewResponse(
            review=review_to(handed.review), deduplicated=handed.deduplicated
        )
        if handed.review.state is ReviewState.DONE:
            file = await self.store.run(read_review, job_id, reviewer.tenant, self.double_marking)
            answer.result.CopyFrom(file_to(file).result)
        return answer

    async def GetAgreement(
        self, request: messages.GetAgreementRequest, context: Context
    ) -> messages.GetAgreementResponse:
        skill = skill_from(request.skill)
        assert skill is not None  # the rules of the field saw to it
        period = period_from(request, datetime.now(UTC))
        found = await find_agreement(
            self.store,
            skill,
            period,
            tenant=current_tenant(),
            groupings=groupings_from(request),
            drift=request.drift,
        )
        return agreement_to(found, period)


def _reviewer(reviewer_id: str) -> Reviewer:
    caller = current_caller()
    return Reviewer(reviewer_id, caller.tenant, caller.name)
