"""A version of the rubric, as the engine reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from grading.domain.confidence import ConfidenceFactor
from grading.domain.criterion import Criterion
from grading.domain.result import CapReason, Flag
from grading.domain.score import Band
from grading.rubric.curve import Curve


class Scorer(StrEnum):
    """A way to a score that is independent of the others."""

    #: What code measures in the answer.
    FEATURES = "features"
    #: What a language model saw in the answer.
    EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class CriterionRule:
    """One criterion: its share, and its words for each band."""

    criterion: Criterion
    #: Share of the unit's score.
    weight: Decimal
    descriptors: Mapping[Band, str]
    #: Kinds of which at least one must be observed: without them the criterion was not
    #: measured and is absent. Empty for one that is always there.
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ScorerRule:
    """What one scorer counts, and where it starts."""

    scorer: Scorer
    #: Its weight beside the other scorers of a result; that of one that took no part
    #: is shared out among the rest.
    weight: Decimal
    #: The score, before any evidence, of each criterion that it takes part in; points are added.
    starts: Mapping[Criterion, Decimal]


@dataclass(frozen=True, slots=True)
class PointsRule:
    """What one kind of observation is worth to one criterion."""

    kind: str
    criterion: Criterion
    #: Whose score the points go to.
    scorer: Scorer
    #: Task numbers it holds for.
    tasks: frozenset[int]
    curve: Curve
    #: Templates for a learner, over ``{value}`` and the observation's details.
    raises: str
    lowers: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A bound on one kind of observation. Never met by one that was not measured."""

    kind: str
    #: The value lies under this; None where there is no such bound.
    below: float | None
    #: The value lies over this; None where there is no such bound.
    above: float | None

    def holds(self, value: float) -> bool:
        """Tell whether ``value`` meets the condition."""
        if self.below is not None and not value < self.below:
            return False
        return self.above is None or value > self.above


@dataclass(frozen=True, slots=True)
class CapRule:
    """A cap on the unit's score, set off when all its conditions hold."""

    reason: CapReason
    limit: Decimal
    tasks: frozenset[int]
    when: tuple[Condition, ...]
    #: Template over ``{value}`` (of the first condition), other kinds' names and details.
    message: str


@dataclass(frozen=True, slots=True)
class FlagRule:
    """A flag, and the neutral piece of evidence that shows what raised it."""

    flag: Flag
    when: Condition
    criterion: Criterion
    message: str


@dataclass(frozen=True, slots=True)
class ProportionRule:
    """Criteria that fall in proportion where there is less than ``least`` of a kind."""

    kind: str
    tasks: frozenset[int]
    criteria: frozenset[Criterion]
    least: Decimal
    message: str


class Combination(StrEnum):
    """How the checks of a factor make one value."""

    MEAN = "mean"
    #: The worst of them decides.
    LOWEST = "lowest"


@dataclass(frozen=True, slots=True)
class ConfidenceCheck:
    """What one kind of observation says of how far a result can be relied on."""

    kind: str
    tasks: frozenset[int]
    #: From the observed value to 0 … 100.
    curve: Curve


@dataclass(frozen=True, slots=True)
class FactorRule:
    """One factor of the confidence, from those of its checks that could be made."""

    factor: ConfidenceFactor
    weight: Decimal
    combination: Combination
    checks: tuple[ConfidenceCheck, ...]


@dataclass(frozen=True, slots=True)
class Rubric:
    """One version of the rubric of one skill."""

    version: str
    criteria: tuple[CriterionRule, ...]
    scorers: tuple[ScorerRule, ...]
    rules: tuple[PointsRule, ...]
    proportions: tuple[ProportionRule, ...]
    caps: tuple[CapRule, ...]
    flags: tuple[FlagRule, ...]
    #: Empty in versions that say nothing of it.
    confidence: tuple[FactorRule, ...]
    #: The kind whose value is reported as the answer's word count.
    word_count_kind: str
    #: Least number of words, by task number.
    minimum_words: Mapping[int, int]
    #: Every kind of observation that the file documents.
    kinds: frozenset[str]
    #: From the evidence's unit score to how far the features' may be from it. Further apart,
    #: the features score alone and a person has to look. None in versions with one scorer.
    dispute: Curve | None = None
