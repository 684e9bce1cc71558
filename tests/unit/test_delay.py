"""How many waiting jobs are expected to be taken in time."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from grading.domain.delay import DelayPolicy, Pace

WRITING = DelayPolicy(timedelta(seconds=1200), depth=10_000)

durations = st.timedeltas(timedelta(milliseconds=1), timedelta(hours=1))


def test_a_job_may_be_expected_to_wait_for_four_fifths_of_its_time() -> None:
    assert WRITING.longest_wait == timedelta(seconds=960)


def test_the_slots_share_what_waits() -> None:
    # Two slots take 192 jobs of 10 s in 960 s, and then the 193rd is taken too.
    assert WRITING.places_in_time(Pace(2, timedelta(seconds=10))) == 193


def test_where_nothing_was_graded_or_nobody_works_only_the_depth_tells() -> None:
    assert WRITING.places_in_time(None) == 10_000
    assert WRITING.places_in_time(Pace(0, timedelta(seconds=10))) == 10_000
    assert WRITING.places_in_time(Pace(4, timedelta())) == 10_000


@given(st.integers(1, 1000), durations)
def test_the_last_place_in_time_waits_no_longer_than_it_may(slots: int, mean: timedelta) -> None:
    places = WRITING.places_in_time(Pace(slots, mean))
    assert 1 <= places <= 10_000
    assert (places - 1) * mean / slots <= WRITING.longest_wait + timedelta(microseconds=1)
    if places < 10_000:
        assert places * mean / slots >= WRITING.longest_wait - timedelta(microseconds=1)


@given(st.integers(1, 100), durations)
def test_more_slots_leave_more_jobs_in_time(slots: int, mean: timedelta) -> None:
    fewer, more = (WRITING.places_in_time(Pace(n, mean)) for n in (slots, slots + 1))
    assert fewer <= more
