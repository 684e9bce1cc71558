"""The measures of agreement, against tables worked out by hand and against their definitions."""

import math
from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.domain.agreement import (
    Agreement,
    count_pairs,
    measure_agreement,
    quadratic_weighted_kappa,
    spearman,
)
from grading.domain.mark_scale import MarkScale
from workers.calibration.intervals import bootstrap
from workers.calibration.moments import match_moments

SCALE = MarkScale(1, 5, 0.5)
marks = st.integers(0, 8).map(lambda step: 1 + step / 2)
pairs = st.lists(st.tuples(marks, marks), min_size=2, max_size=40)


def _measure(human: list[float], machine: list[float]) -> Agreement:
    return measure_agreement(count_pairs(human, machine), SCALE)


def _kappa_by_definition(counts: Counter[tuple[float, float]]) -> float:
    """1 - sum(w O) / sum(w E) with the whole table written out."""
    n = sum(counts.values())
    values = sorted({value for pair in counts for value in pair})
    observed = expected = 0.0
    for i, j in product(values, values):
        weight = (i - j) ** 2
        row = sum(count for (left, _), count in counts.items() if left == i)
        column = sum(count for (_, right), count in counts.items() if right == j)
        observed += weight * counts[i, j]
        expected += weight * row * column / n
    return 1 - observed / expected


def test_a_table_worked_out_by_hand() -> None:
    # Of six answers four agree, one is a step and one is two steps off.
    found = _measure([2, 2, 3, 3, 4, 4], [2, 2.5, 3, 3, 4, 3])
    assert found.n == 6
    assert found.exact == pytest.approx(4 / 6)
    assert found.adjacent == pytest.approx(5 / 6)
    # sum(w O) = 1.25; the means are 3 and 17.5 / 6, the variances 4/6 and 53.25/6 - (17.5/6)^2.
    chance = 4 / 6 + 53.25 / 6 - (17.5 / 6) ** 2 + (3 - 17.5 / 6) ** 2
    assert found.qwk == pytest.approx(1 - (1.25 / 6) / chance)
    pooled = math.sqrt((4 / 6 + 53.25 / 6 - (17.5 / 6) ** 2) / 2)
    assert found.smd == pytest.approx((17.5 / 6 - 3) / pooled)


@given(pairs)
def test_kappa_is_its_definition(drawn: list[tuple[float, float]]) -> None:
    counts = Counter(drawn)
    found = quadratic_weighted_kappa(counts)
    if len({value for pair in counts for value in pair}) == 1:
        assert found is None
    else:
        assert found == pytest.approx(_kappa_by_definition(counts), abs=1e-9)


@given(pairs)
def test_correlations_are_those_of_numpy(drawn: list[tuple[float, float]]) -> None:
    human, machine = zip(*drawn, strict=True)
    found = _measure(list(human), list(machine))
    if len(set(human)) == 1 or len(set(machine)) == 1:
        assert found.pearson is None
        assert found.spearman is None
        return
    assert found.pearson == pytest.approx(np.corrcoef(human, machine)[0, 1], abs=1e-9)
    expected = np.corrcoef(_ranks(human), _ranks(machine))[0, 1]
    assert found.spearman == pytest.approx(expected, abs=1e-9)


def _ranks(values: tuple[float, ...]) -> list[float]:
    """The mean of the places that a value takes in the order of all."""
    order = sorted(values)
    return [order.index(value) + (order.count(value) + 1) / 2 for value in values]


@given(pairs)
def test_marks_agree_fully_with_themselves(drawn: list[tuple[float, float]]) -> None:
    human = [mark for mark, _ in drawn]
    found = _measure(human, human)
    assert found.exact == found.adjacent == 1
    assert found.qwk in (None, pytest.approx(1))
    assert found.smd in (None, pytest.approx(0))


@given(pairs)
def test_counted_pairs_say_what_the_pairs_say(drawn: list[tuple[float, float]]) -> None:
    thrice = Counter({pair: 3 * count for pair, count in Counter(drawn).items()})
    once, more = measure_agreement(Counter(drawn), SCALE), measure_agreement(thrice, SCALE)
    assert more.n == 3 * once.n
    for name in ("qwk", "pearson", "spearman", "smd", "exact", "adjacent"):
        left, right = getattr(once, name), getattr(more, name)
        assert (left is None) == (right is None)
        if left is not None:
            assert right == pytest.approx(left, abs=1e-9)


def test_an_order_kept_is_a_rank_correlation_of_one() -> None:
    assert spearman(count_pairs([1, 2, 3, 4], [1, 1.1, 4.8, 5])) == pytest.approx(1)


def test_scores_are_rounded_for_kappa_and_not_for_the_correlation() -> None:
    near = _measure([2, 3, 4], [2.1, 2.9, 4.2])
    assert near.qwk == pytest.approx(1)
    assert near.pearson is not None
    assert near.pearson < 1


def test_nothing_to_compare_is_no_agreement() -> None:
    assert measure_agreement({}, SCALE) == Agreement(0, None, None, None, None, None, None)


def test_the_bar_of_the_difference_is_on_both_sides() -> None:
    kind = Agreement(10, 0.7, 0.69, 0.9, -0.16, 0.5, 0.94)
    met = {name: kind.meets(name) for name in ("qwk", "pearson", "spearman", "smd", "adjacent")}
    assert met == {
        "qwk": True, "pearson": False, "spearman": None, "smd": False, "adjacent": False
    }  # fmt: skip


def test_intervals_hold_the_measure_and_narrow_with_more_answers() -> None:
    human = [1.0, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0] * 8
    machine = [mark + (0.5 if at % 3 else -0.5) for at, mark in enumerate(human)]
    few, many = bootstrap(human, machine, SCALE), bootstrap(human * 9, machine * 9, SCALE)
    found = _measure(human, machine)
    assert set(few) == {"qwk", "pearson", "spearman", "smd", "exact", "adjacent"}
    for name, (low, high) in few.items():
        assert low <= getattr(found, name) <= high
        assert many[name][1] - many[name][0] < (high - low) * 0.6 or high == low


def test_the_same_draws_every_time() -> None:
    human, machine = [1.0, 2.0, 3.0, 4.0] * 5, [1.5, 2.0, 3.5, 3.0] * 5
    assert bootstrap(human, machine, SCALE) == bootstrap(human, machine, SCALE)


def test_matched_moments_keep_the_order() -> None:
    matched = match_moments([1.0, 2.0, 4.0], [2.0, 3.0, 4.0])
    assert matched == sorted(matched)
    assert sum(matched) / 3 == pytest.approx(3)
    assert match_moments([5.0, 5.0], [1.0, 3.0]) == [2.0, 2.0]


@pytest.mark.parametrize(
    ("value", "mark"), [(0.2, 1), (2.24, 2), (2.25, 2.5), (2.7499, 2.5), (9, 5), (4.75, 5)]
)
def test_scores_are_rounded_to_the_marks_with_ties_up(value: float, mark: float) -> None:
    assert SCALE.nearest(value) == mark


@pytest.mark.parametrize("bad", [(1, 5, 0.3), (1, 5, 0), (5, 1, 0.5), (1, math.nan, 1)])
def test_a_scale_must_be_one(bad: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match=r"scale|steps"):
        MarkScale(*bad)


@given(marks)
def test_the_way_to_ten_and_back(mark: float) -> None:
    assert SCALE.from_ten(SCALE.to_ten(mark)) == pytest.approx(mark)
    assert 0 <= SCALE.to_ten(mark) <= 10
