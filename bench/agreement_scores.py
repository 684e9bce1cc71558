"""Marked answers, and what each way of grading makes of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grading.domain.result import Flag
from grading.domain.work import WritingWork
from grading.rubric.calibration import Calibration
from grading.rubric.engine import Verdict, judge
from grading.rubric.load import load_rubric
from grading.rubric.observation import Observation
from grading.rubric.points import FEATURES_ALONE
from grading.rubric.rubric import Scorer
from workers.writing import embedded, llm
from workers.writing.light_measure import LightTools, measure_lightly
from workers.writing.own_text import read_own_text

#: Beside what the product would give: each scorer by itself.
FEATURES, EVIDENCE = "features", "evidence"

Observed = tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """Verdicts on the same answers, in their order."""

    #: What the product would give.
    verdicts: Sequence[Verdict]
    #: By FEATURES and EVIDENCE, where there are both.
    alone: Mapping[str, Sequence[Verdict]]

    @property
    def disputed(self) -> int:
        """How many answers the features score alone, since the evidence is too far from them."""
        return sum(Flag.SCORERS_DISAGREE in verdict.flags for verdict in self.verdicts)


def score_by_features(
    works: Sequence[WritingWork], features: Sequence[Observed], calibration: Calibration | None
) -> Scores:
    """Score as the embedded grader does."""
    rubric = load_rubric(embedded.RUBRIC_VERSION)
    verdicts = [
        judge(rubric, work.task, observed, calibration)
        for work, observed in zip(works, features, strict=True)
    ]
    return Scores(verdicts, {})


def score_with_evidence(
    works: Sequence[WritingWork],
    features: Sequence[Observed],
    evidence: Sequence[Observed | None],
    calibration: Calibration | None,
) -> Scores:
    """Score as a worker does that hears a model; None where it would score without it.

    Each scorer by itself is shown as it is without a calibration, which is fitted to both.
    """
    rubric, tools = load_rubric(llm.RUBRIC_VERSION), LightTools()
    verdicts: list[Verdict] = []
    alone: dict[str, list[Verdict]] = {FEATURES: [], EVIDENCE: []}
    for work, measured, seen in zip(works, features, evidence, strict=True):
        if seen is None:
            verdict = judge(load_rubric(embedded.RUBRIC_VERSION), work.task, measured)
            three = (verdict, verdict, verdict)
        else:
            light = measure_lightly(read_own_text(work), tools)
            only = frozenset({Scorer.EVIDENCE})
            three = (
                judge(rubric, work.task, (*measured, *seen), calibration, frozenset(Scorer)),
                judge(rubric, work.task, measured, None, FEATURES_ALONE),
                judge(rubric, work.task, (*light, *seen), None, only),
            )
        for verdict, into in zip(three, (verdicts, *alone.values()), strict=True):
            into.append(verdict)
    return Scores(verdicts, alone)
