"""What a period's reviews say of the machine, and of examiners among themselves.

A measure of fewer than ``FEWEST`` answers, or one that is not defined for them, is absent: it is
neither 0 nor a guess, and one learner's marks can't be read from it.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from grading.domain.agreement import ETS_BARS, measure_agreement
from grading.domain.agreement_intervals import (
    DEVIATE,
    Interval,
    change_interval,
    intervals_of,
)
from grading.domain.compared import Compared, Grouping, Pair
from grading.domain.criterion import Criterion
from grading.domain.mark_scale import MarkScale
from grading.domain.marks import CRITERIA
from grading.domain.work import Skill

#: The exam's own.
SCALE = MarkScale(0, 10, 0.5)
#: Of fewer answers nothing is told but how many they are.
FEWEST = 10
#: No more of kappa and of the correlation may be lost from examiners to the machine, and no group
#: may be further from the whole: Williamson, Xi and Breyer (2012), as the other bars.
MOST_BELOW_EXAMINERS, MOST_BIAS = 0.10, 0.10
#: The largest groups of a label are told, and the labels of the most answers.
MOST_GROUPS, MOST_LABELS = 50, 20
#: Two decimals are compared as floats.
_STRAY = 1e-9


class Measure(StrEnum):
    """The measures that ETS asks for, by their names in ``Agreement``."""

    QWK = "qwk"
    PEARSON = "pearson"
    SMD = "smd"
    EXACT = "exact"
    ADJACENT = "adjacent"


#: Those of which ETS asks how far they are below what examiners reach among themselves.
_COMPARED_WITH_EXAMINERS = (Measure.QWK, Measure.PEARSON)


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure of some answers."""

    measure: Measure
    value: float
    #: What it may be; None where that can't be told.
    interval: Interval | None = None
    #: Whether it meets ETS's bar; None of examiners among themselves, whom it doesn't judge.
    meets_bar: bool | None = None
    #: How far it is below the same measure of examiners among themselves, under 0 where it is
    #: above; None where that isn't known.
    below_examiners: float | None = None

    @property
    def bar(self) -> float | None:
        """ETS's bar; None where it does not judge."""
        return None if self.meets_bar is None else ETS_BARS[self.measure]

    @property
    def is_near_examiners(self) -> bool | None:
        """Whether no more is lost than ETS allows; None where it isn't known."""
        if self.below_examiners is None:
            return None
        return self.below_examiners <= MOST_BELOW_EXAMINERS + _STRAY


@dataclass(frozen=True, slots=True)
class Agreed:
    """How far two sides agree on some answers."""

    answers: int
    #: In their order; without those that are absent.
    measures: tuple[Measured, ...] = ()

    def find(self, measure: Measure) -> Measured | None:
        """A measure; None where it is absent."""
        return next((one for one in self.measures if one.measure is measure), None)


@dataclass(frozen=True, slots=True)
class AgreementTable:
    """On the whole, and on each criterion in the exam's order."""

    overall: Agreed
    criteria: tuple[tuple[Criterion, Agreed], ...]


@dataclass(frozen=True, slots=True)
class Bias:
    """How much kinder the machine is to a group than to all, in standard deviations of all."""

    value: float
    interval: Interval | None

    @property
    def meets_bar(self) -> bool:
        """Whether it is as small as ETS asks."""
        return abs(self.value) <= MOST_BIAS + _STRAY


@dataclass(frozen=True, slots=True)
class Group:
    """The machine against examiners on the answers of a group."""

    grouping: Grouping
    #: The label's name; empty where the answers are grouped by something else.
    label: str
    value: str
    agreed: Agreed
    #: None of too few answers, and where the group is the whole.
    bias: Bias | None


@dataclass(frozen=True, slots=True)
class Drift:
    """How a measure on the whole has changed since an earlier period."""

    measure: Measure
    before: float
    now: float
    #: What the change may be; None where that can't be told.
    interval: Interval | None

    @property
    def change(self) -> float:
        """Now less before."""
        return self.now - self.before


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """What a period's reviews of a skill say."""

    #: The machine against examiners.
    machine: AgreementTable
    #: Examiners against each other, of answers that two of them marked blind.
    examiners: AgreementTable
    groups: tuple[Group, ...]


def report_agreement(
    skill: Skill, answers: Sequence[Compared], groupings: Iterable[Grouping] = ()
) -> AgreementReport:
    """Measure what the reviews of a skill's ``answers`` say."""
    examiners = AgreementTable(
        _measure(_there(one.of_examiners for one in answers), judged=False),
        _by_criterion(
            skill, (pair for one in answers for pair in one.criteria_of_examiners), judged=False
        ),
    )
    machine = AgreementTable(
        _measure(_there(one.with_machine for one in answers), judged=True),
        _by_criterion(
            skill, (pair for one in answers for pair in one.criteria_with_machine), judged=True
        ),
    )
    return AgreementReport(
        machine=AgreementTable(
            _beside(machine.overall, examiners.overall),
            tuple(
                (criterion, _beside(agreed, among))
                for (criterion, agreed), (_, among) in zip(
                    machine.criteria, examiners.criteria, strict=True
                )
            ),
        ),
        examiners=examiners,
        groups=tuple(group for each in groupings for group in _groups(answers, each)),
    )


def drift_between(before: Agreed, now: Agreed) -> tuple[Drift, ...]:
    """How agreement has changed between two periods that share no answer."""
    found = []
    for one in now.measures:
        earlier = before.find(one.measure)
        if earlier is not None:
            interval = change_interval(earlier.value, earlier.interval, one.value, one.interval)
            found.append(Drift(one.measure, earlier.value, one.value, interval))
    return tuple(found)


def _there(pairs: Iterable[Pair | None]) -> Iterable[Pair]:
    return (pair for pair in pairs if pair is not None)


def _measure(pairs: Iterable[Pair], *, judged: bool) -> Agreed:
    counts = Counter(pairs)
    n = counts.total()
    if n < FEWEST:
        return Agreed(n)
    found, intervals = measure_agreement(counts, SCALE), intervals_of(counts, SCALE)
    return Agreed(
        n,
        tuple(
            Measured(
                measure, value, intervals.get(measure), found.meets(measure) if judged else None
            )
            for measure in Measure
            if (value := getattr(found, measure)) is not None
        ),
    )


def _by_criterion(
    skill: Skill, pairs: Iterable[tuple[Criterion, Pair]], *, judged: bool
) -> tuple[tuple[Criterion, Agreed], ...]:
    found: dict[Criterion, list[Pair]] = {criterion: [] for criterion in CRITERIA[skill]}
    for criterion, pair in pairs:
        found[criterion].append(pair)
    return tuple((criterion, _measure(each, judged=judged)) for criterion, each in found.items())


def _beside(machine: Agreed, examiners: Agreed) -> Agreed:
    """The machine's agreement, with how far it is below that of examiners."""
    measures = []
    for one in machine.measures:
        among = examiners.find(one.measure)
        if among is not None and one.measure in _COMPARED_WITH_EXAMINERS:
            one = replace(one, below_examiners=among.value - one.value)
        measures.append(one)
    return replace(machine, measures=tuple(measures))


def _groups(answers: Sequence[Compared], grouping: Grouping) -> Iterable[Group]:
    members: dict[str, dict[str, list[Pair]]] = {}
    whole = []
    for one in answers:
        pair = one.with_machine
        if pair is None:
            continue
        whole.append(pair)
        for label, value in one.groups(grouping):
            members.setdefault(label, {}).setdefault(value, []).append(pair)
    for label in _largest(
        {name: sum(map(len, values.values())) for name, values in members.items()}, MOST_LABELS
    ):
        sizes = {value: len(pairs) for value, pairs in members[label].items()}
        for value in _largest(sizes, MOST_GROUPS):
            pairs = members[label][value]
            yield Group(grouping, label, value, _measure(pairs, judged=True), bias_of(pairs, whole))


def _largest(sizes: Mapping[str, int], most: int) -> Sequence[str]:
    return sorted(sizes, key=lambda name: (-sizes[name], name))[:most]


def bias_of(group: Sequence[Pair], whole: Sequence[Pair]) -> Bias | None:
    """How much kinder the machine is to a group than to the whole that the group is part of.

    The mean of (machine - examiner) in the group less that in the whole, in standard deviations
    of the whole: the root of the mean of the machine's and the examiners' variances. The
    interval is the normal one of a difference between the group and the rest, which share no
    answer. None of fewer than ``FEWEST`` answers on either side, and without variance.
    """
    inside, outside = len(group), len(whole) - len(group)
    if min(inside, outside) < FEWEST:
        return None
    spread = math.sqrt(sum(_variance([pair[side] for pair in whole]) for side in (0, 1)) / 2)
    if not spread:
        return None
    of_group = [score - mark for mark, score in group]
    of_whole = [score - mark for mark, score in whole]
    total = math.fsum(of_whole)
    mean_inside = math.fsum(of_group) / inside
    mean_outside = (total - math.fsum(of_group)) / outside
    # The whole's mean lies between the two, by their sizes.
    share_outside = outside / len(whole)
    value = share_outside * (mean_inside - mean_outside) / spread
    within = math.fsum((each - mean_inside) ** 2 for each in of_group)
    # The sum of squares about the rest's own mean, without listing the rest.
    squares = math.fsum(each**2 for each in of_whole) - math.fsum(each**2 for each in of_group)
    beyond = max(0.0, squares - outside * mean_outside**2)
    variance = within / (inside - 1) / inside + beyond / (outside - 1) / outside
    half = DEVIATE * share_outside * math.sqrt(variance) / spread
    return Bias(value, Interval(value - half, value + half) if half > _STRAY else None)


def _variance(values: Sequence[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / len(values)
