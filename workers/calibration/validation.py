"""What a calibration would be worth for answers, and for prompts, that it has not seen."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from grading.domain.agreement import Agreement, count_pairs, measure_agreement
from grading.domain.criterion import Criterion
from grading.domain.work import Unit
from grading.rubric.calibration import Calibration
from grading.rubric.calibration_file import OVERALL
from grading.rubric.engine import Verdict, judge
from grading.rubric.points import FEATURES_ALONE
from grading.rubric.rubric import Rubric, Scorer
from workers.calibration.assembly import assemble
from workers.calibration.fitting import Measured, fit_task
from workers.calibration.marks import MarkSheet
from workers.calibration.moments import match_moments

FOLDS = 10
#: Fewer prompts can't be held out one part after the other.
FEWEST_PROMPTS = 5
_SEED = 20240771

#: By target, as in a calibration file.
Agreements = Mapping[str, Agreement]


def uncalibrated(
    rubric: Rubric,
    sheet: MarkSheet,
    task: Unit,
    measured: Sequence[Measured],
    scorers: frozenset[Scorer] = FEATURES_ALONE,
) -> Agreements:
    """Agreement of the rubric alone, put on the marks' scale by mean and deviation."""
    verdicts = [judge(rubric, task, item.observations, None, scorers) for item in measured]
    return _agreements(sheet, measured, verdicts, None)


def cross_validated(
    rubric: Rubric,
    sheet: MarkSheet,
    task: Unit,
    measured: Sequence[Measured],
    scorers: frozenset[Scorer] = FEATURES_ALONE,
    *,
    by_prompt: bool,
) -> Agreements:
    """Agreement where each part of the answers is scored by what the others were fitted to.

    The scores are the product's: rounded criteria, proportions and caps included. Empty
    where there are too few answers or, with ``by_prompt``, too few prompts.
    """
    verdicts: list[Verdict | None] = [None] * len(measured)
    calibration: Calibration | None = None
    for held_out in _folds(measured, by_prompt=by_prompt):
        out = frozenset(held_out)
        rest = [item for at, item in enumerate(measured) if at not in out]
        targets = fit_task(rubric, sheet, task, rest)
        if not targets:
            return {}
        calibration = assemble("fold", rubric.version, sheet.scale, {task: targets})
        for at in held_out:
            verdicts[at] = judge(rubric, task, measured[at].observations, calibration, scorers)
    done = [verdict for verdict in verdicts if verdict is not None]
    return _agreements(sheet, measured, done, calibration) if calibration else {}


def _folds(measured: Sequence[Measured], *, by_prompt: bool) -> Iterator[list[int]]:
    if not by_prompt:
        order = np.random.default_rng(_SEED).permutation(len(measured))
        yield from (part.tolist() for part in np.array_split(order, FOLDS) if len(part))
        return
    prompts = Counter(item.answer.work.prompt.text for item in measured)
    if len(prompts) < FEWEST_PROMPTS:
        return
    # The largest prompts first, each to the part that is smallest so far.
    parts: list[set[str]] = [set() for _ in range(min(FOLDS, len(prompts)))]
    sizes = [0] * len(parts)
    for prompt, count in sorted(prompts.items(), key=lambda item: (-item[1], item[0])):
        least = sizes.index(min(sizes))
        parts[least].add(prompt)
        sizes[least] += count
    for part in parts:
        yield [at for at, item in enumerate(measured) if item.answer.work.prompt.text in part]


def _agreements(
    sheet: MarkSheet,
    measured: Sequence[Measured],
    verdicts: Sequence[Verdict],
    calibration: Calibration | None,
) -> Agreements:
    found: dict[str, Agreement] = {}
    for target in (None, *Criterion):
        human, scores = [], []
        for item, verdict in zip(measured, verdicts, strict=True):
            mark = sheet.mark(item.answer, target)
            if mark is not None:
                human.append(mark)
                scores.append(score_of(verdict, target))
        if human:
            machine = (
                [calibration.scale.from_ten(score) for score in scores]
                if calibration
                else match_moments(scores, human)
            )
            name = OVERALL if target is None else target.value
            found[name] = measure_agreement(count_pairs(human, machine), sheet.scale)
    return found


def score_of(verdict: Verdict, target: Criterion | None) -> float:
    """The score that answers a mark of ``target``; of the unit, the exact one, for None."""
    if target is None:
        return float(verdict.exact_score)
    return next(float(item.score) for item in verdict.criteria if item.criterion is target)
