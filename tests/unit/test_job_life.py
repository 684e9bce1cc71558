"""The states of a job and the moves between them."""

import pytest

from grading.domain.job import (
    CLAIMABLE,
    RUNNING,
    TERMINAL,
    TRANSITIONS,
    UNFINISHED,
    JobState,
    may_follow,
)

#: The life of a job as it is drawn; every other move is forbidden.
DRAWN = {
    (JobState.QUEUED, JobState.PROCESSING),
    (JobState.PROCESSING, JobState.ANALYZING),
    (JobState.ANALYZING, JobState.GRADING),
    (JobState.GRADING, JobState.COMPLETED),
    (JobState.GRADING, JobState.REVIEW_REQUIRED),
    (JobState.REVIEW_REQUIRED, JobState.COMPLETED),
    (JobState.RETRYING, JobState.PROCESSING),
    *((state, JobState.RETRYING) for state in RUNNING),
    *((state, end) for state in UNFINISHED for end in (JobState.FAILED, JobState.CANCELLED)),
}


@pytest.mark.parametrize("state", list(JobState))
@pytest.mark.parametrize("following", list(JobState))
def test_the_moves_are_those_that_are_drawn(state: JobState, following: JobState) -> None:
    assert may_follow(state, following) == ((state, following) in DRAWN)


def test_nothing_ever_leaves_an_end() -> None:
    assert {state for state, following in TRANSITIONS.items() if not following} == TERMINAL


def test_every_state_is_reached() -> None:
    reached, frontier = {JobState.QUEUED}, {JobState.QUEUED}
    while frontier:
        frontier = {after for state in frontier for after in TRANSITIONS[state]} - reached
        reached |= frontier
    assert reached == set(JobState)


def test_the_groups_share_out_the_states() -> None:
    assert CLAIMABLE | RUNNING == UNFINISHED
    assert not CLAIMABLE & RUNNING
    assert set(JobState) - UNFINISHED - TERMINAL == {JobState.REVIEW_REQUIRED}
