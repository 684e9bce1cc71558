"""The rubric's versions, read from the package and checked."""

import string
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from importlib import resources

from grading.domain.confidence import ConfidenceFactor
from grading.domain.criterion import Criterion
from grading.domain.result import CapReason, Flag
from grading.domain.score import HIGHEST, LOWEST, Band
from grading.rubric.curve import Curve, Direction
from grading.rubric.document import RubricError, Section, parse
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
    Rubric,
)

_TOP = (
    "version", "tasks", "word_count", "criteria", "kinds", "rules", "proportions", "caps", "flags",
    "confidence",
)  # fmt: skip


@lru_cache
def load_rubric(version: str) -> Rubric:
    """The rubric of ``version``, such as ``writing-1.0``.

    Raises:
        RubricError: there is no such version, or its file is wrong.
    """
    file = resources.files("grading.rubric") / "versions" / f"{version}.yaml"
    if not file.is_file():
        raise RubricError(f"there is no rubric version {version}")
    return read_rubric(file.read_text(encoding="utf-8"), f"{version}.yaml")


def read_rubric(text: str, file: str) -> Rubric:
    """Build a rubric from the text of a file, checking every rule.

    Raises:
        RubricError: names the file, the line, the rule and what is wrong.
    """
    top = parse(text, file)
    top.only(*_TOP)
    tasks = top.section("tasks")
    minimum_words = {int(key): int(tasks.number(key)) for key in tasks.names()}
    kinds = frozenset(str(key) for key in top.section("kinds").names())
    numbers = frozenset(minimum_words)
    rubric = Rubric(
        version=top.text("version"),
        criteria=tuple(_criterion(item) for item in top.sections("criteria", "criterion")),
        rules=tuple(_points(item, numbers, kinds) for item in top.sections("rules", "kind")),
        proportions=tuple(
            part
            for item in top.sections("proportions", "kind")
            for part in _proportions(item, minimum_words, kinds)
        ),
        caps=tuple(_cap(item, numbers, kinds) for item in top.sections("caps", "reason")),
        flags=tuple(_flag(item, kinds) for item in top.sections("flags", "flag")),
        confidence=tuple(
            _factor(item, numbers, kinds) for item in top.sections("confidence", "factor")
        )
        if top.has("confidence")
        else (),
        word_count_kind=top.text("word_count"),
        minimum_words=minimum_words,
    )
    _check_whole(top, rubric, kinds)
    return rubric


def _check_whole(top: Section, rubric: Rubric, kinds: frozenset[str]) -> None:
    if not rubric.criteria:
        raise top.wrong("criteria may not be empty")
    names = [rule.criterion for rule in rubric.criteria]
    if len(set(names)) != len(names):
        raise top.wrong("a criterion is given twice")
    total = sum((rule.weight for rule in rubric.criteria), Decimal(0))
    if total != 1:
        raise top.wrong(f"the weights of the criteria add up to {total}, not to 1")
    if rubric.word_count_kind not in kinds:
        raise top.wrong(f"word_count names the unlisted kind {rubric.word_count_kind!r}")
    seen: set[tuple[str, Criterion, int]] = set()
    factors = [rule.factor for rule in rubric.confidence]
    if len(set(factors)) != len(factors):
        raise top.wrong("a factor of the confidence is given twice")
    for rule in rubric.rules:
        for task in rule.tasks:
            key = (rule.kind, rule.criterion, task)
            if key in seen:
                raise top.wrong(f"two rules give {rule.kind} points in {rule.criterion}")
            seen.add(key)


def _criterion(item: Section) -> CriterionRule:
    item.only("criterion", "weight", "start", "descriptors")
    weight, start = item.decimal("weight"), item.decimal("start")
    if not 0 < weight <= 1:
        raise item.wrong(f"weight must lie between 0 and 1, not at {weight}")
    _in_scale(item, "start", start)
    descriptors = item.section("descriptors")
    descriptors.only(*(band.value for band in Band))
    return CriterionRule(
        criterion=item.one_of("criterion", Criterion),
        weight=weight,
        start=start,
        descriptors={band: descriptors.text(band.value) for band in Band},
    )


def _points(item: Section, tasks: frozenset[int], kinds: frozenset[str]) -> PointsRule:
    item.only("kind", "criterion", "tasks", "direction", "curve", "raises", "lowers")
    curve = _curve(item)
    direction = item.one_of("direction", Direction)
    if not curve.follows(direction):
        raise item.wrong(f"the points of the curve are not {direction.value}")
    return PointsRule(
        kind=_kind(item, "kind", kinds),
        criterion=item.one_of("criterion", Criterion),
        tasks=_tasks(item, tasks),
        curve=curve,
        raises=_template(item, "raises"),
        lowers=_template(item, "lowers"),
    )


def _proportions(
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


def _cap(item: Section, tasks: frozenset[int], kinds: frozenset[str]) -> CapRule:
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


def _flag(item: Section, kinds: frozenset[str]) -> FlagRule:
    item.only("flag", "when", "criterion", "message")
    return FlagRule(
        flag=item.one_of("flag", Flag),
        when=_condition(item.section("when"), kinds),
        criterion=item.one_of("criterion", Criterion),
        message=_template(item, "message"),
    )


def _factor(item: Section, tasks: frozenset[int], kinds: frozenset[str]) -> FactorRule:
    item.only("factor", "weight", "combination", "checks")
    weight = item.decimal("weight")
    if weight <= 0:
        raise item.wrong("weight must be over 0")
    checks = tuple(_check(part, tasks, kinds) for part in item.sections("checks", "kind"))
    if not checks:
        raise item.wrong("checks may not be empty")
    return FactorRule(
        factor=item.one_of("factor", ConfidenceFactor),
        weight=weight,
        combination=item.one_of("combination", Combination),
        checks=checks,
    )


def _check(part: Section, tasks: frozenset[int], kinds: frozenset[str]) -> ConfidenceCheck:
    part.only("kind", "tasks", "curve")
    curve = _curve(part)
    if any(not 0 <= value <= 100 for _, value in curve.knots):
        raise part.wrong("the values of the curve must lie between 0 and 100")
    return ConfidenceCheck(_kind(part, "kind", kinds), _tasks(part, tasks), curve)


def _curve(item: Section) -> Curve:
    curve = Curve(item.pairs("curve"))
    values = [value for value, _ in curve.knots]
    if sorted(set(values)) != values:
        raise item.wrong("the values of the curve must rise from entry to entry")
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
