"""How often a job is taken again, and after how long."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.domain.retry import RetryPolicy

RETRIES = st.integers(min_value=1, max_value=10_000)
CHANCES = st.floats(min_value=0, max_value=1, allow_nan=False)
CAPS = st.integers(min_value=1, max_value=86_400).map(lambda seconds: timedelta(seconds=seconds))


@given(RETRIES, CHANCES, CAPS)
def test_a_wait_lies_around_the_doubled_one_and_under_the_cap(
    retry: int, chance: float, cap: timedelta
) -> None:
    wait = RetryPolicy(3, cap).wait(retry, chance)
    base = min(cap, timedelta(seconds=2 ** min(retry, 20)))
    assert 0.8 * base <= wait + timedelta(microseconds=1)
    assert wait <= 1.2 * base + timedelta(microseconds=1)


@given(RETRIES, RETRIES, CHANCES, CAPS)
def test_waits_grow_with_the_retries(one: int, other: int, chance: float, cap: timedelta) -> None:
    policy = RetryPolicy(3, cap)
    early, late = sorted((one, other))
    assert policy.wait(early, chance) <= policy.wait(late, chance)


@given(RETRIES, CHANCES, CHANCES, CAPS)
def test_chance_places_the_wait_within_its_range(
    retry: int, one: float, other: float, cap: timedelta
) -> None:
    policy = RetryPolicy(3, cap)
    low, high = sorted((one, other))
    assert policy.wait(retry, low) <= policy.wait(retry, high)


@pytest.mark.parametrize(
    ("retry", "chance", "seconds"),
    [(1, 0, 1.6), (1, 0.5, 2), (1, 1, 2.4), (2, 0.5, 4), (3, 0.5, 8), (8, 0.5, 256), (9, 0.5, 300)],
)
def test_the_waits_of_the_default_settings(retry: int, chance: float, seconds: float) -> None:
    wait = RetryPolicy(3, timedelta(seconds=300)).wait(retry, chance)
    assert wait.total_seconds() == pytest.approx(seconds)


@pytest.mark.parametrize(("retry", "chance"), [(0, 0.5), (-1, 0.5), (1, -0.1), (1, 1.1)])
def test_what_makes_no_sense_is_refused(retry: int, chance: float) -> None:
    with pytest.raises(ValueError, match="retries count from 1"):
        RetryPolicy(3, timedelta(seconds=300)).wait(retry, chance)


@given(st.integers(0, 20), st.integers(0, 40))
def test_retries_are_allowed_up_to_the_greatest_number(most: int, made: int) -> None:
    assert RetryPolicy(most, timedelta(seconds=1)).allows(made) == (made < most)
