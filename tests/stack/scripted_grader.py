"""A grader that does what the essay says.

``slow:2.5`` takes that many seconds, in many small steps; ``silent:2.5`` does so
without a word, ``late:2.5`` before its first word and ``last:2.5`` after its last one;
``boom`` breaks; ``flaky:2`` meets a passing fault the first two times that a process is
given this very text; ``unsure:60`` is graded with that confidence, all else with 95;
anything else is graded at once.
"""

import re
import time
from collections import Counter
from dataclasses import replace
from decimal import Decimal

from grading.domain.confidence import Confidence
from grading.domain.criterion import WRITING_CRITERIA
from grading.domain.job import JobStage
from grading.domain.result import CriterionScore, GradingResult, Provenance
from grading.domain.score import Band
from grading.domain.work import SpeakingWork, WritingWork
from grading.exceptions import TransientFault
from workers.grader import Run

#: A slow grading reports about this often, in seconds.
STEP_SECONDS = 0.1

SCORE = Decimal("6.5")

RESULT = GradingResult(
    score=SCORE,
    exact_score=Decimal("6.375"),
    band=Band.B2,
    criteria=tuple(
        CriterionScore(criterion, SCORE, Decimal("0.25"), Band.B2, "As scripted.")
        for criterion in WRITING_CRITERIA
    ),
    caps=(),
    flags=(),
    word_count=3,
    provenance=Provenance("scripted", "1", "1", "1"),
    confidence=Confidence(95, ()),
)


class ScriptedGrader:
    """Grades by script."""

    def __init__(self) -> None:
        #: How often each flaky text was graded.
        self._flaky: Counter[str] = Counter()

    def grade(self, work: WritingWork | SpeakingWork, run: Run) -> GradingResult:
        """Do what the answer says, or, of a recording, what its prompt says."""
        script = work.text if isinstance(work, WritingWork) else work.prompt.text
        _dwell("late", script)
        run.report(JobStage.MEASURING, 0.1, "Measuring.")
        if script.startswith("boom"):
            raise RuntimeError(script)
        if flaky := re.match(r"flaky:(\d+)", script):
            self._flaky[script] += 1
            if self._flaky[script] <= int(flaky[1]):
                raise TransientFault("the scripted grader is flaky")
        if slow := re.match(r"slow:([\d.]+)", script):
            seconds = float(slow[1])
            started = time.monotonic()
            while (spent := time.monotonic() - started) < seconds:
                time.sleep(STEP_SECONDS)
                run.report(JobStage.MEASURING, 0.1 + 0.7 * min(spent / seconds, 1), "Still at it.")
        _dwell("silent", script)
        run.report(JobStage.SCORING, 0.9, "Scoring.")
        _dwell("last", script)
        if unsure := re.match(r"unsure:(\d+)", script):
            return replace(RESULT, confidence=Confidence(int(unsure[1]), ()))
        return RESULT


def _dwell(where: str, script: str) -> None:
    if found := re.match(rf"{where}:([\d.]+)", script):
        time.sleep(float(found[1]))
