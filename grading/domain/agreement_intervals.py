"""How sure a measure of agreement is: 95 % confidence intervals, from the counts alone.

All of them are worked out, none is drawn by chance, so that the same pairs give the same
interval wherever it is asked for, and thousands of pairs cost as much as few. Where a formula
does not hold, as for pairs that all agree, there is no interval, rather than one without width.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from grading.domain.agreement import (
    Moments,
    PairCounts,
    count_within,
    pearson,
    places_on,
    quadratic_weighted_kappa,
    standardised_difference,
)
from grading.domain.mark_scale import MarkScale

#: Between plus and minus so many standard errors lie 95 of 100 values of a normal distribution.
DEVIATE = 1.959963984540054
#: Fisher's transformation has no standard error below this.
_FEWEST_FOR_FISHER = 4


@dataclass(frozen=True, slots=True)
class Interval:
    """What a value may be."""

    low: float
    high: float

    @property
    def certain(self) -> float:
        """What of a change is beyond chance: its end nearest to 0, which is 0 where 0 lies in."""
        return max(self.low, 0.0) + min(self.high, 0.0)


def intervals_of(counts: PairCounts, scale: MarkScale) -> Mapping[str, Interval]:
    """The intervals of the measures of ``Agreement``, by its names; those that there are."""
    places = places_on(scale, counts)
    n = sum(counts.values())
    found = {
        "qwk": kappa_interval(places),
        "pearson": correlation_interval(counts),
        "smd": difference_interval(counts),
        "exact": share_interval(count_within(places, 0), n),
        "adjacent": share_interval(count_within(places, 1), n),
    }
    return {name: interval for name, interval in found.items() if interval is not None}


def kappa_interval(counts: PairCounts) -> Interval | None:
    """Of the quadratic weighted kappa: Fleiss, Cohen and Everitt (1969), Psychological Bulletin 72.

    Their large-sample standard error, with the weights of agreement 1 - d^2 / largest d^2. None
    where it is 0, or there is no kappa.
    """
    kappa = quadratic_weighted_kappa(counts) if counts else None
    if kappa is None:
        return None
    n = sum(counts.values())
    rows: dict[float, float] = {}
    columns: dict[float, float] = {}
    for (row, column), count in counts.items():
        rows[row] = rows.get(row, 0) + count / n
        columns[column] = columns.get(column, 0) + count / n
    widest = max((row - column) ** 2 for row in rows for column in columns)

    def weight(row: float, column: float) -> float:
        return 1 - (row - column) ** 2 / widest

    of_row = {
        row: math.fsum(share * weight(row, column) for column, share in columns.items())
        for row in rows
    }
    of_column = {
        column: math.fsum(share * weight(row, column) for row, share in rows.items())
        for column in columns
    }
    by_chance = math.fsum(share * of_row[row] for row, share in rows.items())
    squares = math.fsum(
        count / n * (weight(*pair) - (of_row[pair[0]] + of_column[pair[1]]) * (1 - kappa)) ** 2
        for pair, count in counts.items()
    )
    variance = (squares - (kappa - by_chance * (1 - kappa)) ** 2) / (n * (1 - by_chance) ** 2)
    return _around(kappa, variance, -1, 1)


def correlation_interval(counts: PairCounts) -> Interval | None:
    """Of Pearson's correlation, by Fisher's transformation (Fisher 1921, Metron 1).

    None for fewer than four pairs, and for a correlation of 1 or -1.
    """
    n = sum(counts.values())
    correlation = pearson(counts) if n >= _FEWEST_FOR_FISHER else None
    if correlation is None or abs(correlation) >= 1 - 1e-12:
        return None
    middle, half = math.atanh(correlation), DEVIATE / math.sqrt(n - 3)
    return Interval(math.tanh(middle - half), math.tanh(middle + half))


def difference_interval(counts: PairCounts) -> Interval | None:
    """Of the standardised difference of two means over the same answers.

    Bonett (2008), Psychological Methods 13: the standard error of a difference that is
    standardised by the mean variance of paired scores. None where it is 0.
    """
    n = sum(counts.values())
    difference = standardised_difference(counts) if n > 1 else None
    if difference is None:
        return None
    moments, freedom = Moments.of(counts), n - 1
    # Bonett's are those of a sample.
    one, other = (variance * n / freedom for variance in moments.variances)
    covariance = moments.covariance * n / freedom
    pooled = (one + other) / 2
    variance = difference**2 * (one**2 + other**2 + 2 * covariance**2) / (
        8 * freedom * pooled**2
    ) + (one + other - 2 * covariance) / (freedom * pooled)
    return _around(difference, variance, -math.inf, math.inf)


def share_interval(within: int, n: int) -> Interval | None:
    """Of a share: Wilson (1927), Journal of the American Statistical Association 22.

    Brown, Cai and DasGupta (2001), Statistical Science 16, recommend it for small numbers and for
    shares near 0 and 1. None of nothing.
    """
    if not n:
        return None
    share, square = within / n, DEVIATE**2
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = DEVIATE * math.sqrt(share * (1 - share) / n + square / (4 * n**2)) / (1 + square / n)
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def change_interval(
    before: float, was: Interval | None, now: float, is_: Interval | None
) -> Interval | None:
    """Of the change between two groups that share no answer, from the intervals of both.

    Zou (2007), Psychological Methods 12, for correlations, and Newcombe (1998), Statistics in
    Medicine 17, for shares: the distances to the ends that lie towards each other, squared and
    added. None where either has no interval.
    """
    if was is None or is_ is None:
        return None
    change = now - before
    return Interval(
        change - math.hypot(now - is_.low, was.high - before),
        change + math.hypot(is_.high - now, before - was.low),
    )


def _around(value: float, variance: float, lowest: float, highest: float) -> Interval | None:
    # What is left of 0 by the arithmetic of floats is no variance.
    if variance <= 1e-15:
        return None
    half = DEVIATE * math.sqrt(variance)
    return Interval(max(lowest, value - half), min(highest, value + half))
