"""Intervals of agreement, against published figures and against their definitions."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.domain.agreement import PairCounts, quadratic_weighted_kappa
from grading.domain.agreement_intervals import (
    DEVIATE,
    Interval,
    change_interval,
    correlation_interval,
    difference_interval,
    intervals_of,
    kappa_interval,
    share_interval,
)
from grading.domain.agreement_report import SCALE
from tests.stack.compared import drawn
from workers.calibration.intervals import bootstrap

PAIRS = Counter(one.with_machine or (0.0, 0.0) for one in drawn(120))
PLACES: PairCounts = Counter({(SCALE.place(x), SCALE.place(y)): n for (x, y), n in PAIRS.items()})

marks = st.integers(0, 20).map(lambda step: step / 2)


def _ends(interval: Interval | None) -> tuple[float, float]:
    assert interval is not None
    return interval.low, interval.high


def _error_by_differences(counts: PairCounts) -> float:
    """The standard error by the delta method, with slopes that are measured, not derived."""
    n = sum(counts.values())
    shares = {pair: count / n for pair, count in counts.items()}

    def kappa(changed: dict[tuple[float, float], float]) -> float:
        found = quadratic_weighted_kappa(changed)  # type: ignore[arg-type]
        assert found is not None
        return found

    step = 1e-6
    slopes = {
        pair: (kappa({**shares, pair: share + step}) - kappa({**shares, pair: share - step}))
        / (2 * step)
        for pair, share in shares.items()
    }
    mean = sum(shares[pair] * slope for pair, slope in slopes.items())
    square = sum(shares[pair] * slope**2 for pair, slope in slopes.items())
    return math.sqrt((square - mean**2) / n)


def test_the_error_of_kappa_is_that_of_the_delta_method() -> None:
    low, high = _ends(kappa_interval(PLACES))
    kappa = quadratic_weighted_kappa(PLACES)
    assert (low + high) / 2 == pytest.approx(kappa)
    assert (high - low) / 2 == pytest.approx(DEVIATE * _error_by_differences(PLACES), rel=1e-4)


def test_the_interval_of_a_correlation_is_fishers() -> None:
    x, y = np.array([pair for pair, n in PAIRS.items() for _ in range(n)]).T
    middle = math.atanh(np.corrcoef(x, y)[0, 1])
    half = 1.959964 / math.sqrt(len(x) - 3)
    expected = (math.tanh(middle - half), math.tanh(middle + half))
    assert _ends(correlation_interval(PAIRS)) == pytest.approx(expected, abs=1e-6)


def test_the_interval_of_a_difference_is_bonetts() -> None:
    x, y = np.array([pair for pair, n in PAIRS.items() for _ in range(n)]).T
    (one, both), (_, other) = np.cov(x, y)
    pooled, freedom = (one + other) / 2, len(x) - 1
    d = (y.mean() - x.mean()) / math.sqrt((x.var() + y.var()) / 2)
    r = both / math.sqrt(one * other)
    variance = d**2 * (one**2 + other**2 + 2 * r**2 * one * other) / (8 * freedom * pooled**2) + (
        y - x
    ).var(ddof=1) / (freedom * pooled)
    half = 1.959964 * math.sqrt(variance)
    assert _ends(difference_interval(PAIRS)) == pytest.approx((d - half, d + half), abs=1e-6)


@pytest.mark.parametrize(
    ("within", "n", "low", "high"),
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3.
    [
        (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718),
    ],
)  # fmt: skip
def test_the_interval_of_a_share_is_wilsons(within: int, n: int, low: float, high: float) -> None:
    assert _ends(share_interval(within, n)) == pytest.approx((low, high), abs=5e-5)


def test_the_interval_of_a_change_is_newcombes() -> None:
    # Newcombe (1998), Statistics in Medicine 17, table II, method 10: 56/70 and 48/80.
    was, now = share_interval(48, 80), share_interval(56, 70)
    assert _ends(change_interval(48 / 80, was, 56 / 70, now)) == pytest.approx(
        (0.0524, 0.3339), abs=5e-5
    )
    assert change_interval(0.5, None, 0.6, now) is None
    assert change_interval(0.5, was, 0.6, None) is None


def test_large_numbers_have_the_intervals_of_resamples() -> None:
    pairs = [one.with_machine or (0.0, 0.0) for one in drawn(800, seed=14)]
    human, machine = zip(*pairs, strict=True)
    resampled = bootstrap(human, machine, SCALE)
    for name, interval in intervals_of(Counter(pairs), SCALE).items():
        near = (interval.high - interval.low) / 8
        assert _ends(interval) == pytest.approx(resampled[name], abs=near), name


@pytest.mark.parametrize(
    ("low", "high", "certain"), [(0.1, 0.3, 0.1), (-0.3, -0.1, -0.1), (-0.1, 0.2, 0.0)]
)
def test_what_is_certain_of_a_change_is_the_end_nearest_to_0(
    low: float, high: float, certain: float
) -> None:
    assert Interval(low, high).certain == certain


def test_what_has_no_error_has_no_interval() -> None:
    alike = Counter({(5.0, 5.0): 6, (6.0, 6.0): 6})
    assert set(intervals_of(alike, SCALE)) == {"exact", "adjacent"}
    low, high = _ends(intervals_of(alike, SCALE)["exact"])
    assert 0.7 < low < high == 1
    # One class, and no pair at all.
    assert set(intervals_of(Counter({(5.0, 5.0): 9}), SCALE)) == {"exact", "adjacent"}
    assert share_interval(0, 0) is None
    assert kappa_interval({}) is None
    assert correlation_interval(Counter({(5.0, 6.0): 1, (6.0, 6.5): 1, (7.0, 6.0): 1})) is None


@given(st.lists(st.tuples(marks, marks), min_size=1, max_size=40))
def test_an_interval_holds_its_value_and_keeps_to_what_there_is(
    pairs: list[tuple[float, float]],
) -> None:
    counts = Counter(pairs)
    found = intervals_of(counts, SCALE)
    for name, interval in found.items():
        assert interval.low < interval.high
        if name in ("qwk", "pearson"):
            assert interval.low >= -1
            assert interval.high <= 1
        elif name != "smd":
            assert interval.low >= 0
            assert interval.high <= 1
    shares = found["exact"]
    share = sum(x == y for x, y in pairs) / len(pairs)
    assert shares.low - 1e-12 <= share <= shares.high + 1e-12
