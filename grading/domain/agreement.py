"""How far machine scores agree with people's marks.

All measures come from a table that counts the pairs of (human mark, machine score),
so that pairs can be counted wherever they are, a database included. Nothing but the
standard library is needed.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grading.domain.mark_scale import MarkScale

#: Pairs of (human mark, machine score) and how often each occurs.
PairCounts = Mapping[tuple[float, float], int]

#: The bars that ETS asks of a scoring engine before its release: Williamson, Xi and Breyer
#: (2012), A Framework for Evaluation and Use of Automated Scoring, Educational
#: Measurement: Issues and Practice 31(1), and the notebooks of rsmtool.
#: The absolute value of ``smd`` may be at most its bar, the others must be at least theirs.
ETS_BARS: Mapping[str, float] = {
    "qwk": 0.70,
    "pearson": 0.70,
    "smd": 0.15,
    "exact": 0.50,
    "adjacent": 0.95,
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement over ``n`` pairs. A measure that is not defined for them is None."""

    n: int
    #: Quadratic weighted kappa of the marks and the scores rounded to the marks' scale.
    qwk: float | None
    #: Correlation of the marks with the scores as they are, not rounded.
    pearson: float | None
    #: The same of their ranks.
    spearman: float | None
    #: Standardised difference of the means; over 0 where the machine is kinder.
    smd: float | None
    #: Share of the rounded scores that equal the mark, 0 to 1.
    exact: float | None
    #: Share of the rounded scores at most one step of the scale from the mark, 0 to 1.
    adjacent: float | None

    def meets(self, name: str) -> bool | None:
        """Whether the measure ``name`` meets ETS's bar; None where there is no such bar."""
        value: float | None = getattr(self, name)
        if name not in ETS_BARS or value is None:
            return None
        return abs(value) <= ETS_BARS[name] if name == "smd" else value >= ETS_BARS[name]


def count_pairs(human: Iterable[float], machine: Iterable[float]) -> PairCounts:
    """Count the pairs of two sequences of equal length.

    Raises:
        ValueError: one is longer.
    """
    return Counter(zip(human, machine, strict=True))


def measure_agreement(counts: PairCounts, scale: MarkScale) -> Agreement:
    """Measure how the machine's scores, given on ``scale`` but not rounded, agree."""
    n = sum(counts.values())
    if not n:
        return Agreement(0, None, None, None, None, None, None)
    places = places_on(scale, counts)
    return Agreement(
        n=n,
        qwk=quadratic_weighted_kappa(places),
        pearson=pearson(counts),
        spearman=spearman(counts),
        smd=standardised_difference(counts),
        exact=count_within(places, 0) / n,
        adjacent=count_within(places, 1) / n,
    )


def places_on(scale: MarkScale, counts: PairCounts) -> PairCounts:
    """The same pairs, each mark and score as its place on ``scale``."""
    places: Counter[tuple[float, float]] = Counter()
    for (mark, score), count in counts.items():
        places[scale.place(mark), scale.place(score)] += count
    return places


def count_within(places: PairCounts, steps: int) -> int:
    """How many pairs of places are at most so many steps apart."""
    return sum(count for (mark, score), count in places.items() if abs(mark - score) <= steps)


def quadratic_weighted_kappa(counts: PairCounts) -> float | None:
    """Cohen's kappa with squared distances as weights (Cohen 1968, Psychological Bulletin 70).

    1 - sum(w O) / sum(w E), where w = (i - j)^2, O are the counts of the pairs and E those
    that the two margins give by chance. Both sums have a closed form: with squared
    distances, sum(w O) / n is the mean squared difference, and sum(w E) / n is
    var(i) + var(j) + (mean(i) - mean(j))^2. None where both are one and the same value.
    """
    moments = Moments.of(counts)
    chance = moments.variances[0] + moments.variances[1] + moments.difference**2
    return 2 * moments.covariance / chance if chance > 0 else None


def pearson(counts: PairCounts) -> float | None:
    """Pearson's product-moment correlation: cov(x, y) / (sd(x) sd(y)). None without variance."""
    moments = Moments.of(counts)
    spread = math.sqrt(moments.variances[0] * moments.variances[1])
    return min(1.0, max(-1.0, moments.covariance / spread)) if spread > 0 else None


def spearman(counts: PairCounts) -> float | None:
    """Spearman's rank correlation: Pearson's of the ranks, where ties share their mean rank."""
    ranks = _ranks(counts, 0), _ranks(counts, 1)
    ranked: Counter[tuple[float, float]] = Counter()
    for (mark, score), count in counts.items():
        ranked[ranks[0][mark], ranks[1][score]] += count
    return pearson(ranked)


def standardised_difference(counts: PairCounts) -> float | None:
    """(mean(machine) - mean(human)) / sqrt((var(machine) + var(human)) / 2).

    The pooled form of Williamson, Xi and Breyer (2012). None without variance.
    """
    moments = Moments.of(counts)
    pooled = math.sqrt(sum(moments.variances) / 2)
    return moments.difference / pooled if pooled > 0 else None


@dataclass(frozen=True, slots=True)
class Moments:
    """Means and variances of pairs, of the population, not of a sample."""

    #: Of the marks, and of the scores.
    variances: tuple[float, float]
    covariance: float
    #: Mean of the machine's less mean of the human's.
    difference: float

    @classmethod
    def of(cls, counts: PairCounts) -> "Moments":
        """Those of at least one pair."""
        n = sum(counts.values())
        mean_x = math.fsum(x * count for (x, _), count in counts.items()) / n
        mean_y = math.fsum(y * count for (_, y), count in counts.items()) / n
        return cls(
            variances=(
                math.fsum((x - mean_x) ** 2 * count for (x, _), count in counts.items()) / n,
                math.fsum((y - mean_y) ** 2 * count for (_, y), count in counts.items()) / n,
            ),
            covariance=math.fsum(
                (x - mean_x) * (y - mean_y) * count for (x, y), count in counts.items()
            )
            / n,
            difference=mean_y - mean_x,
        )


def _ranks(counts: PairCounts, side: int) -> dict[float, float]:
    totals: Counter[float] = Counter()
    for pair, count in counts.items():
        totals[pair[side]] += count
    ranks: dict[float, float] = {}
    before = 0
    for value in sorted(totals):
        ranks[value] = before + (totals[value] + 1) / 2
        before += totals[value]
    return ranks
