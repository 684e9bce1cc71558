"""Which way a score may move as a measured value grows, by the rubric."""

from collections.abc import Mapping

from grading.domain.criterion import Criterion
from grading.domain.work import Unit
from grading.rubric.calibration import OWN_SCORE
from grading.rubric.curve import Direction
from grading.rubric.rubric import PointsRule, Rubric


def directions(rubric: Rubric, task: Unit, target: Criterion | None) -> Mapping[str, int]:
    """1 where ``target`` (None: the unit) may only rise with a source, -1 only fall.

    Sources that are not named may do either. A criterion's own rules speak first; of
    another kind the rules of all criteria do, where they are of one mind. So more errors
    never raise a score, whatever marks a calibration was fitted to.
    """
    rules = [rule for rule in rubric.rules if task in rule.tasks]
    found: dict[str, int] = {}
    for kind in {rule.kind for rule in rules}:
        every = [rule for rule in rules if rule.kind == kind]
        own = [rule for rule in every if rule.criterion is target]
        signs = {_sign(rule) for rule in own or every}
        if len(signs) == 1:
            found[kind] = signs.pop()
    own_scores = {f"{OWN_SCORE}{rule.criterion.value}": 1 for rule in rubric.criteria}
    return {**{kind: sign for kind, sign in found.items() if sign}, **own_scores}


def _sign(rule: PointsRule) -> int:
    rises = rule.curve.follows(Direction.RISING)
    return int(rises) - int(rule.curve.follows(Direction.FALLING))
