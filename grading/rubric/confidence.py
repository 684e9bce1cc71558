"""Confidence from observations, by the rules of one rubric version. Pure."""

from collections.abc import Mapping
from decimal import Decimal

from grading.domain.confidence import Confidence, FactorScore
from grading.domain.work import Unit
from grading.rubric.observation import Observation
from grading.rubric.rubric import Combination, FactorRule, Rubric

_TENTH = Decimal("0.1")


def weigh_confidence(
    rubric: Rubric, task: Unit, seen: Mapping[str, Observation]
) -> Confidence | None:
    """How far a result from these observations can be relied on.

    None where the rubric's version has no rules for it.
    """
    if not rubric.confidence:
        return None
    factors = (_measure(rule, task, seen) for rule in rubric.confidence)
    return Confidence.of([factor for factor in factors if factor is not None])


def _measure(rule: FactorRule, task: Unit, seen: Mapping[str, Observation]) -> FactorScore | None:
    values = [
        check.curve.points(seen[check.kind].value)
        for check in rule.checks
        if task in check.tasks and check.kind in seen
    ]
    if not values:
        return None
    if rule.combination is Combination.LOWEST:
        value = min(values)
    else:
        value = sum(values, Decimal(0)) / len(values)
    return FactorScore(rule.factor, value.quantize(_TENTH), rule.weight)
