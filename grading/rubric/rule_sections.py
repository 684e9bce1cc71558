"""The rules of a rubric file, one by one, each checked by itself."""

import string
from collections.abc import Iterable
from decimal import Decimal

from grading.domain.confidence import ConfidenceFactor
from grading.domain.criterion import Criterion
from grading.domain.result import CapReason, Flag
from grading.domain.score import HIGHEST, LOWEST, Band
from grading.rubric.curve import Curve, Direction
from grading.rubric.document import Section
from grading.rubric.rubric import (
    CapRule,
    Combination,
    Condition,
    ConfidenceCheck,
    CriterionRule,
    FactorRule,
    FlagRule,
    PointsRule,
    ProportionRule,
    Scorer,
)


def read_criterion(item: Section, kinds: frozenset[str]) -> CriterionRule:
    """A criterion; its start is ``read_start``'s."""
    item.only("criterion", "weight", "start", "needs", "descriptors")
    weight = item.decimal("weight")
    if not 0 < weight <= 1:
        raise item.wrong(f"weight must lie between 0 and 1, not at {weight}")
    descriptors = item.section("descriptors")
    descriptors.only(*(band.value for band in Band))
    needs = frozenset(item.names_of("needs")) if item.has("needs") else frozenset()
    if not needs <= kinds:
        raise item.wrong(f"the kind {sorted(needs - kinds)[0]!r} is not listed under kinds")
    return CriterionRule(
        criterion=item.one_of("criterion", Criterion),
        weight=weight,
        descriptors={band: descriptors.text(band.value) for band in Band},
        needs=needs,
    )


def read_start(item: Section, key: str) -> Decimal:
    """The score of a criterion before any evidence."""
    start = item.decimal(key)
    _in_scale(item, key, start)
    return start


def read_points(
    item: Section, tasks: frozenset[int], kinds: frozenset[str], scorer: Scorer
) -> PointsRule:
    """What one kind is worth to one criterion."""
    item.only("kind", "criterion", "tasks", "direction", "curve", "raises", "lowers")
    curve = read_curve(item)
    direction = item.one_of("direction", Direction)
    if not curve.follows(direction):
        raise item.wrong(f"the points of the curve are not {direction.value}")
    return PointsRule(
        kind=_kind(item, "kind", kinds),
        criterion=item.one_of("criterion", Criterion),
        scorer=scorer,
        tasks=_tasks(item, tasks),
        curve=curve,
        raises=_template(item, "raises"),
        lowers=_template(item, "lowers"),
    )


def read_proportions(
    item: Section, minimum_words: dict[int, int], kinds: frozenset[str]
) -> Iterable[ProportionRule]:
    """One rule for each task, as the least may be the task's own minimum."""
    item.only("kind", "criteria", "least", "message")
    by_task = item.has("least")
    for task, minimum in sorted(minimum_words.items()):
        least = item.decimal("least") if by_task else Decimal(minimum)
        if least <= 0:
            raise item.wrong("least must be over 0")
        yield ProportionRule(
            kind=_kind(item, "kind", kinds),
            tasks=frozenset({task}),
            criteria=item.many_of("criteria", Criterion),
            least=least,
            message=_template(item, "message"),
        )


def read_cap(item: Section, tasks: frozenset[int], kinds: frozenset[str]) -> CapRule:
    """A cap, whose message must name what was measured."""
    item.only("reason", "limit", "tasks", "when", "message")
    limit = item.decimal("limit")
    _in_scale(item, "limit", limit)
    when = tuple(_condition(part, kinds) for part in item.sections("when", "kind"))
    if not when:
        raise item.wrong("when may not be empty")
    message = _template(item, "message")
    if not any(name for name in _fields(message) if name != "minimum"):
        raise item.wrong("message must name a measured value")
    return CapRule(
        reason=item.one_of("reason", CapReason),
        limit=limit,
        tasks=_tasks(item, tasks),
        when=when,
        message=message,
    )


def read_flag(item: Section, kinds: frozenset[str]) -> FlagRule:
    """A flag and what raises it."""
    item.only("flag", "when", "criterion", "message")
    return FlagRule(
        flag=item.one_of("flag", Flag),
        when=_condition(item.section("when"), kinds),
        criterion=item.one_of("criterion", Criterion),
        message=_template(item, "message"),
    )


def read_factor(item: Section, tasks: frozenset[int], kinds: frozenset[str]) -> FactorRule:
    """A factor of the confidence and its checks."""
    item.only("factor", "weight", "combination", "checks")
    weight = item.decimal("weight")
    if weight <= 0:
        raise item.wrong("weight must be over 0")
    checks = read_checks(item, tasks, kinds)
    return FactorRule(
        factor=item.one_of("factor", ConfidenceFactor),
        weight=weight,
        combination=item.one_of("combination", Combination),
        checks=checks,
    )


def read_checks(
    item: Section, tasks: frozenset[int], kinds: frozenset[str]
) -> tuple[ConfidenceCheck, ...]:
    """The checks of a factor."""
    checks = tuple(_check(part, tasks, kinds) for part in item.sections("checks", "kind"))
    if not checks:
        raise item.wrong("checks may not be empty")
    return checks


def _check(part: Section, tasks: frozenset[int], kinds: frozenset[str]) -> ConfidenceCheck:
    part.only("kind", "tasks", "curve")
    curve = read_curve(part)
    if any(not 0 <= value <= 100 for _, value in curve.knots):
        raise part.wrong("the values of the curve must lie between 0 and 100")
    return ConfidenceCheck(_kind(part, "kind", kinds), _tasks(part, tasks), curve)


def read_curve(item: Section, key: str = "curve") -> Curve:
    """A curve, whose values rise."""
    curve = Curve(item.pairs(key))
    values = [value for value, _ in curve.knots]
    if sorted(set(values)) != values:
        raise item.wrong(f"the values of the {key} must rise from entry to entry")
    return curve


def _condition(part: Section, kinds: frozenset[str]) -> Condition:
    part.only("kind", "below", "above")
    below = part.number("below") if part.has("below") else None
    above = part.number("above") if part.has("above") else None
    if below is None and above is None:
        raise part.wrong("give below, above or both")
    return Condition(_kind(part, "kind", kinds), below, above)


def _kind(item: Section, key: str, kinds: frozenset[str]) -> str:
    kind = item.text(key)
    if kind not in kinds:
        raise item.wrong(f"the kind {kind!r} is not listed under kinds")
    return kind


def _tasks(item: Section, known: frozenset[int]) -> frozenset[int]:
    if not item.has("tasks"):
        return known
    tasks = item.whole_numbers("tasks")
    if not tasks or not tasks <= known:
        raise item.wrong(f"tasks must be among {sorted(known)}")
    return tasks


def _template(item: Section, key: str) -> str:
    template = item.text(key)
    try:
        _fields(template)
    except ValueError as error:
        raise item.wrong(f"{key} is no template: {error}") from None
    return template


def _fields(template: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(template) if name]


def _in_scale(item: Section, key: str, value: Decimal) -> None:
    if not LOWEST <= value <= HIGHEST:
        raise item.wrong(f"{key} must lie between 0 and 10, not at {value}")
