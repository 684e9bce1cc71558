"""The rubric's versions, read from the package and checked."""

from decimal import Decimal
from functools import lru_cache
from importlib import resources

from grading.domain.criterion import Criterion
from grading.rubric.document import RubricError, Section, parse
from grading.rubric.extension import extend
from grading.rubric.rubric import Rubric, Scorer, ScorerRule
from grading.rubric.rule_sections import (
    read_cap,
    read_criterion,
    read_factor,
    read_flag,
    read_points,
    read_proportions,
    read_start,
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

    A file that ``extends`` another version holds only what it adds to it.

    Raises:
        RubricError: names the file, the line, the rule and what is wrong.
    """
    top = parse(text, file)
    if top.has("extends"):
        rubric = extend(top, load_rubric(top.text("extends")))
    else:
        rubric = _read_whole(top)
    _check_whole(top, rubric)
    return rubric


def _read_whole(top: Section) -> Rubric:
    top.only(*_TOP)
    tasks = top.section("tasks")
    minimum_words = {int(key): int(tasks.number(key)) for key in tasks.names()}
    kinds = frozenset(str(key) for key in top.section("kinds").names())
    numbers = frozenset(minimum_words)
    criteria = top.sections("criteria", "criterion")
    starts = {item.one_of("criterion", Criterion): read_start(item, "start") for item in criteria}
    return Rubric(
        version=top.text("version"),
        criteria=tuple(read_criterion(item, kinds) for item in criteria),
        scorers=(ScorerRule(Scorer.FEATURES, Decimal(1), starts),),
        rules=tuple(
            read_points(item, numbers, kinds, Scorer.FEATURES)
            for item in top.sections("rules", "kind")
        ),
        proportions=tuple(
            part
            for item in top.sections("proportions", "kind")
            for part in read_proportions(item, minimum_words, kinds)
        ),
        caps=tuple(read_cap(item, numbers, kinds) for item in top.sections("caps", "reason")),
        flags=tuple(read_flag(item, kinds) for item in top.sections("flags", "flag")),
        confidence=tuple(
            read_factor(item, numbers, kinds) for item in top.sections("confidence", "factor")
        )
        if top.has("confidence")
        else (),
        word_count_kind=top.text("word_count"),
        minimum_words=minimum_words,
        kinds=kinds,
    )


def _check_whole(top: Section, rubric: Rubric) -> None:
    if not rubric.criteria:
        raise top.wrong("criteria may not be empty")
    names = [rule.criterion for rule in rubric.criteria]
    if len(set(names)) != len(names):
        raise top.wrong("a criterion is given twice")
    total = sum((rule.weight for rule in rubric.criteria), Decimal(0))
    if total != 1:
        raise top.wrong(f"the weights of the criteria add up to {total}, not to 1")
    if rubric.word_count_kind not in rubric.kinds:
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
