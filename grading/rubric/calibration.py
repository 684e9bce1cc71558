"""A calibration: what examiners' marks say the rubric's scores should be. Pure.

A calibration is a handful of curves of the rubric's own form, fitted to answers that
examiners have marked. It moves criteria; caps, proportions and flags are not its business.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from grading.domain.criterion import Criterion
from grading.domain.mark_scale import MarkScale
from grading.domain.score import HIGHEST, LOWEST
from grading.domain.work import Unit
from grading.rubric.curve import Curve
from grading.rubric.points import criterion_shares
from grading.rubric.rubric import Rubric

#: Before a criterion's name: the rubric's own score of it, not rounded, as a source.
OWN_SCORE = "rubric."


@dataclass(frozen=True, slots=True)
class Target:
    """How one score follows from what was measured: a start, and curves that are added."""

    #: The score of an answer that is average in every source.
    start: Decimal
    #: By source: a kind of observation, or OWN_SCORE and a criterion. A source that was not
    #: measured adds nothing, as an average one does.
    curves: Mapping[str, Curve]

    def score(self, sources: Mapping[str, float]) -> Decimal:
        """The score on 0 to 10 that examiners would give."""
        points = (
            curve.points(sources[name]) for name, curve in self.curves.items() if name in sources
        )
        return _within(sum(points, self.start))


@dataclass(frozen=True, slots=True)
class TaskCalibration:
    """What was fitted for one task. Without a target a criterion stays the rubric's."""

    criteria: Mapping[Criterion, Target]
    #: The unit as a whole; None where only criteria were marked.
    overall: Target | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted calibration, bound to the versions that it was fitted for."""

    name: str
    #: The first letters of the hash of its content.
    version: str
    feature_version: str
    rubric_version: str
    #: The scale of the marks. Its ends are the ends of 0 to 10.
    scale: MarkScale
    #: By the exam's number. A task without marks is graded as without a calibration.
    tasks: Mapping[int, TaskCalibration]

    @property
    def identity(self) -> str:
        """What the provenance names."""
        return f"{self.name} {self.version}"

    def calibrate(
        self,
        rubric: Rubric,
        task: Unit,
        values: Mapping[str, float],
        own: Mapping[Criterion, Decimal],
    ) -> Mapping[Criterion, Decimal]:
        """The criteria's scores on 0 to 10, not rounded, from the rubric's ``own`` ones.

        Criteria with marks get their own target's score. Then all are moved together,
        so that their weighted mean is what the target of the unit says; where one reaches
        an end of the scale, the others move on.
        """
        part = self.tasks.get(task)
        if part is None:
            return own
        sources = sources_of(values, own)
        scores: Mapping[Criterion, Decimal] = {
            criterion: part.criteria[criterion].score(sources)
            if criterion in part.criteria
            else score
            for criterion, score in own.items()
        }
        if part.overall is not None:
            rules = [rule for rule in rubric.criteria if rule.criterion in own]
            weights = criterion_shares(rules)
            scores = _moved_together(scores, weights, part.overall.score(sources))
        return scores


def sources_of(
    values: Mapping[str, float], own: Mapping[Criterion, Decimal]
) -> Mapping[str, float]:
    """What a target's curves may read: the observed values and the rubric's own scores."""
    return {
        **values,
        **{f"{OWN_SCORE}{criterion.value}": float(score) for criterion, score in own.items()},
    }


def _moved_together(
    scores: Mapping[Criterion, Decimal], weights: Mapping[Criterion, Decimal], mean: Decimal
) -> Mapping[Criterion, Decimal]:
    moved = dict(scores)
    # With each round but the last a criterion reaches an end of the scale.
    for _ in scores:
        gap = mean - sum((moved[name] * weights[name] for name in moved), LOWEST)
        end = HIGHEST if gap > 0 else LOWEST
        free = [name for name in moved if moved[name] != end]
        if not gap or not free:
            break
        shift = gap / sum(weights[name] for name in free)
        moved.update({name: _within(moved[name] + shift) for name in free})
    return moved


def _within(score: Decimal) -> Decimal:
    return min(HIGHEST, max(LOWEST, score))
