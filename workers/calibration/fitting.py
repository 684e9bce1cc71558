"""Fits the targets of a calibration to marks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from grading.domain.criterion import Criterion
from grading.domain.work import Unit
from grading.rubric.calibration import sources_of
from grading.rubric.calibration_file import OVERALL
from grading.rubric.observation import Observation
from grading.rubric.points import FEATURES_ALONE, is_disputed, kinds_of, score_jointly
from grading.rubric.rubric import Rubric, Scorer
from workers.calibration.directions import directions
from workers.calibration.marks import Marked, MarkedAnswer, MarkSheet
from workers.calibration.ramps import Floats, all_ramps
from workers.calibration.ridge import fit

#: What slopes and bends cost beside each other.
_ROUGHNESS = np.array([1.0, 5.0])
#: Answers below which a target is not fitted: there are dozens of sources.
FEWEST_ANSWERS = 40


class Sourced(Protocol):
    """Something marked, and all that a target may read of it."""

    @property
    def answer(self) -> Marked:
        """What examiners gave marks to."""

    @property
    def sources(self) -> Mapping[str, float]:
        """By the names of what a target's curves may read."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A marked answer and all that a target may read of it."""

    answer: MarkedAnswer
    observations: tuple[Observation, ...]
    sources: Mapping[str, float]


def with_sources(
    rubric: Rubric,
    answers: Sequence[MarkedAnswer],
    features: Sequence[tuple[Observation, ...]],
    evidence: Sequence[tuple[Observation, ...]] | None = None,
    scorers: frozenset[Scorer] = FEATURES_ALONE,
) -> list[Measured]:
    """Put what was observed and the rubric's own scores beside the marks.

    What ``scorers`` go by is a source: ``features`` all that was measured, ``evidence`` what
    a model saw in each answer. The rest only bounds scores.
    """
    witnessed = [()] * len(answers) if evidence is None else evidence
    return [
        Measured(answer, (*measured, *seen), _sources(rubric, answer, measured, seen, scorers))
        for answer, measured, seen in zip(answers, features, witnessed, strict=True)
    ]


def _sources(
    rubric: Rubric,
    answer: MarkedAnswer,
    features: Sequence[Observation],
    evidence: Sequence[Observation],
    scorers: frozenset[Scorer],
) -> Mapping[str, float]:
    # What is only flagged moves no score, nor does it here.
    flagged = {rule.when.kind for rule in rubric.flags}
    seen = {item.kind: item for item in (*features, *evidence) if item.kind not in flagged}
    joint = score_jointly(rubric, answer.work.task, seen, scorers)
    if is_disputed(rubric, joint):
        # As the engine has it: then evidence counts for nothing.
        scorers = FEATURES_ALONE
        joint = score_jointly(rubric, answer.work.task, seen, scorers)
    kinds: set[str] = set()
    if Scorer.FEATURES in scorers:
        kinds |= {item.kind for item in features}
    if Scorer.EVIDENCE in scorers:
        # No others: how well a model quotes says nothing of the writer.
        kinds |= kinds_of(rubric, Scorer.EVIDENCE)
    values = {kind: item.value for kind, item in seen.items() if kind in kinds}
    return sources_of(values, joint.together)


def fit_task(
    rubric: Rubric,
    sheet: MarkSheet,
    task: Unit,
    measured: Sequence[Sourced],
    allowed: Mapping[Criterion | None, frozenset[str]] = MappingProxyType({}),
) -> dict[str, Any]:
    """The ``targets`` of a calibration file, from answers to one task.

    A target that is in ``allowed`` follows from those sources alone. Empty where no target
    has FEWEST_ANSWERS marks.
    """
    targets: dict[str, Any] = {}
    for target in (None, *Criterion):
        marks = [(item, sheet.mark(item.answer, target)) for item in measured]
        marked = [(item, sheet.scale.to_ten(mark)) for item, mark in marks if mark is not None]
        if len(marked) >= FEWEST_ANSWERS:
            values = _values([item for item, _ in marked])
            if target in allowed:
                values = {key: value for key, value in values.items() if key in allowed[target]}
            wanted = np.array([mark for _, mark in marked])
            name = OVERALL if target is None else target.value
            targets[name] = _fit(values, wanted, directions(rubric, task, target))
    return targets


def _values(measured: Sequence[Sourced]) -> dict[str, Floats]:
    names = {name for item in measured for name in item.sources}
    return {name: np.array([item.sources.get(name, np.nan) for item in measured]) for name in names}


def _fit(values: Mapping[str, Floats], marks: Floats, allowed: Mapping[str, int]) -> dict[str, Any]:
    ramps = all_ramps(values)
    sizes = [len(item.means) for item in ramps]
    columns = np.hstack([item.columns(values[item.source]) for item in ramps])
    signs = np.repeat([allowed.get(item.source, 0) for item in ramps], sizes).astype(np.int8)
    roughness = _block_diagonal([item.roughness(_ROUGHNESS) for item in ramps])
    fitted = fit(columns, marks, signs, roughness)
    parts = np.split(fitted.coefficients, np.cumsum(sizes)[:-1])
    return {
        "start": round(fitted.start, 4),
        "curves": {
            item.source: item.curve(part)
            for item, part in zip(ramps, parts, strict=True)
            if np.any(part)
        },
    }


def _block_diagonal(blocks: Sequence[Floats]) -> Floats:
    ends = np.cumsum([0, *(len(block) for block in blocks)])
    whole = np.zeros((ends[-1], ends[-1]))
    for block, start, end in zip(blocks, ends, ends[1:], strict=False):
        whole[start:end, start:end] = block
    return whole
