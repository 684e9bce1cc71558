"""Page tokens are good for one filter only."""

import base64
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.domain.job import JobState
from grading.domain.review import ReviewPriority
from grading.domain.work import Skill
from grading.exceptions import PageTokenInvalid
from grading.store.listing import JobFilter
from grading.store.review_listing import ReviewFilter, ReviewPlace
from grading.store.review_records import ReviewState
from server.page_token import read_review_token, read_token, write_review_token, write_token

FILTERS = [
    JobFilter(),
    JobFilter(user_id="a"),
    JobFilter(user_id="b"),
    JobFilter(submission_id="a"),
    JobFilter(states=(JobState.QUEUED,)),
    JobFilter(states=(JobState.COMPLETED, JobState.QUEUED)),
    JobFilter(skill=Skill.WRITING),
    JobFilter(accepted_from=datetime(2026, 1, 1, tzinfo=UTC)),
    JobFilter(accepted_before=datetime(2026, 1, 1, tzinfo=UTC)),
]


@given(st.uuids(), st.sampled_from(FILTERS))
def test_a_token_is_read_under_its_own_filter(last: UUID, wanted: JobFilter) -> None:
    assert read_token(write_token(last, wanted), wanted) == last


@pytest.mark.parametrize("wanted", FILTERS)
@pytest.mark.parametrize("other", FILTERS)
def test_a_token_is_refused_under_any_other(wanted: JobFilter, other: JobFilter) -> None:
    token = write_token(uuid4(), wanted)
    if wanted == other:
        assert read_token(token, other) is not None
        return
    with pytest.raises(PageTokenInvalid):
        read_token(token, other)


REVIEW_FILTERS = [
    ReviewFilter(),
    ReviewFilter(skill=Skill.WRITING),
    ReviewFilter(priority=ReviewPriority.HIGH),
    ReviewFilter(state=ReviewState.DONE),
    ReviewFilter(claimed_by="anna"),
    ReviewFilter(reviewer_id="anna"),
    ReviewFilter(tenant="school"),
]


@pytest.mark.parametrize("wanted", REVIEW_FILTERS)
@pytest.mark.parametrize("other", REVIEW_FILTERS)
def test_a_token_of_reviews_is_good_for_its_own_filter(
    wanted: ReviewFilter, other: ReviewFilter
) -> None:
    place = ReviewPlace(2, uuid4())
    token = write_review_token(place, wanted)
    if wanted == other:
        assert read_review_token(token, other) == place
        return
    with pytest.raises(PageTokenInvalid):
        read_review_token(token, other)


def test_a_token_of_jobs_names_no_review() -> None:
    for token in (write_token(uuid4(), JobFilter()), "made up", "AAAA"):
        with pytest.raises(PageTokenInvalid):
            read_review_token(token, ReviewFilter())
    with pytest.raises(PageTokenInvalid):
        read_token(write_review_token(ReviewPlace(0, uuid4()), ReviewFilter()), JobFilter())


def test_no_token_means_the_first_page() -> None:
    assert read_token("", JobFilter()) is None
    assert read_review_token("", ReviewFilter()) is None


@given(st.text(min_size=1, max_size=80))
def test_made_up_text_is_refused(token: str) -> None:
    with pytest.raises(PageTokenInvalid):
        read_token(token, JobFilter())


@given(st.binary(max_size=64))
def test_made_up_bytes_are_refused(data: bytes) -> None:
    token = base64.urlsafe_b64encode(data).decode()
    if token:
        with pytest.raises(PageTokenInvalid):
            read_token(token, JobFilter())


def test_a_token_that_was_touched_is_refused() -> None:
    token = write_token(uuid4(), JobFilter())
    for touched in (token[:-4], token + "AAAA", token[:-3] + "A" + token[-2:], token.strip("=")):
        if touched != token:
            with pytest.raises(PageTokenInvalid):
                read_token(touched, JobFilter())
