"""A rubric version that adds a second scorer to another version."""

from dataclasses import replace
from decimal import Decimal

from grading.domain.confidence import ConfidenceFactor
from grading.domain.criterion import Criterion
from grading.domain.score import HIGHEST, LOWEST
from grading.rubric.curve import Curve
from grading.rubric.document import Section
from grading.rubric.rubric import (
    Combination,
    FactorRule,
    PointsRule,
    Rubric,
    Scorer,
    ScorerRule,
)
from grading.rubric.rule_sections import (
    read_cap,
    read_checks,
    read_curve,
    read_factor,
    read_flag,
    read_points,
    read_start,
)


def extend(top: Section, base: Rubric) -> Rubric:
    """Read the file of a version that holds what it adds to ``base``.

    Its ``rules`` are those of the evidence scorer, which takes part in the criteria that it
    has a start for; its caps and flags, and its checks of
    factors of the confidence, join those of ``base``.

    Raises:
        RubricError: names the file, the line, the rule and what is wrong.
    """
    top.only(
        "version", "extends", "kinds", "scorers", "dispute", "rules", "caps", "flags", "confidence"
    )
    added = frozenset(str(key) for key in top.section("kinds").names())
    if twice := sorted(added & base.kinds):
        raise top.wrong(f"the kind {twice[0]!r} is one of {base.version} already")
    kinds = base.kinds | added
    tasks = frozenset(base.minimum_words)
    scorers = _scorers(top, base)
    return replace(
        base,
        version=top.text("version"),
        kinds=kinds,
        scorers=scorers,
        dispute=_dispute(top),
        rules=base.rules + _rules(top, scorers, tasks, kinds),
        caps=base.caps
        + tuple(read_cap(item, tasks, kinds) for item in top.sections("caps", "reason")),
        flags=base.flags + tuple(read_flag(item, kinds) for item in top.sections("flags", "flag")),
        confidence=_confidence(top, base, tasks, kinds),
    )


def _scorers(top: Section, base: Rubric) -> tuple[ScorerRule, ...]:
    sections = {item.one_of("scorer", Scorer): item for item in top.sections("scorers", "scorer")}
    if set(sections) != set(Scorer):
        raise top.wrong(f"scorers must be {', '.join(Scorer)}, each once")
    features, evidence = sections[Scorer.FEATURES], sections[Scorer.EVIDENCE]
    features.only("scorer", "weight")
    evidence.only("scorer", "weight", "starts")
    starts = evidence.section("starts")
    starts.only(*_criteria(base))
    known = [name for name in _criteria(base) if starts.has(name)]
    if not known:
        raise starts.wrong("give the start of one criterion at least")
    [own] = base.scorers
    rules = (
        replace(own, weight=features.decimal("weight")),
        ScorerRule(
            Scorer.EVIDENCE,
            evidence.decimal("weight"),
            {Criterion(name): read_start(starts, name) for name in known},
        ),
    )
    for rule, section in zip(rules, (features, evidence), strict=True):
        if rule.weight <= 0:
            raise section.wrong("weight must be over 0")
    return rules


def _rules(
    top: Section, scorers: tuple[ScorerRule, ...], tasks: frozenset[int], kinds: frozenset[str]
) -> tuple[PointsRule, ...]:
    [evidence] = [rule for rule in scorers if rule.scorer is Scorer.EVIDENCE]
    rules = []
    for item in top.sections("rules", "kind"):
        rule = read_points(item, tasks, kinds, Scorer.EVIDENCE)
        if rule.criterion not in evidence.starts:
            raise item.wrong(f"the evidence has no start for {rule.criterion.value}")
        rules.append(rule)
    return tuple(rules)


def _dispute(top: Section) -> Curve:
    dispute = read_curve(top, "dispute")
    if any(not LOWEST < Decimal(str(apart)) <= HIGHEST for _, apart in dispute.knots):
        raise top.wrong("the distances of dispute must be over 0 and at most 10")
    return dispute


def _criteria(base: Rubric) -> list[str]:
    return [rule.criterion.value for rule in base.criteria]


def _confidence(
    top: Section, base: Rubric, tasks: frozenset[int], kinds: frozenset[str]
) -> tuple[FactorRule, ...]:
    factors = {rule.factor: rule for rule in base.confidence}
    for item in top.sections("confidence", "factor"):
        factor = item.one_of("factor", ConfidenceFactor)
        if factor not in factors:
            factors[factor] = read_factor(item, tasks, kinds)
            continue
        item.only("factor", "combination", "checks")
        factors[factor] = replace(
            factors[factor],
            combination=item.one_of("combination", Combination),
            checks=factors[factor].checks + read_checks(item, tasks, kinds),
        )
    return tuple(factors.values())
