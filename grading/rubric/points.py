"""What the points rules of a rubric make of an answer, before anything is taken off."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from grading.domain.criterion import Criterion
from grading.domain.score import HIGHEST, LOWEST
from grading.domain.work import WritingTask
from grading.rubric.observation import Observation
from grading.rubric.rubric import CriterionRule, PointsRule, Rubric


def score_by_points(
    rubric: Rubric, task: WritingTask, seen: Mapping[str, Observation]
) -> dict[Criterion, Decimal]:
    """Each criterion's start and points, kept on the scale: not rounded, nothing taken off."""
    scores = {}
    for rule in rubric.criteria:
        points = (
            held.curve.points(seen[held.kind].value) for held in rules_for(rubric, rule, task, seen)
        )
        scores[rule.criterion] = min(HIGHEST, max(LOWEST, sum(points, rule.start)))
    return scores


def rules_for(
    rubric: Rubric, rule: CriterionRule, task: WritingTask, seen: Mapping[str, Observation]
) -> Iterator[PointsRule]:
    """The rules that give points for ``rule``'s criterion, of kinds that were observed."""
    for held in rubric.rules:
        if held.criterion is rule.criterion and task in held.tasks and held.kind in seen:
            yield held
