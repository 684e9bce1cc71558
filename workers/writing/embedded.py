"""The grader that needs no key: measured features and a written rubric."""

from collections.abc import Sequence
from typing import Self

from grading.domain.job import JobStage
from grading.domain.result import GradingResult, Provenance
from grading.domain.work import WritingWork
from grading.rubric.calibration import Calibration
from grading.rubric.engine import judge
from grading.rubric.feedback import write_feedback
from grading.rubric.feedback_rules import FeedbackRules
from grading.rubric.load import load_rubric
from grading.rubric.load_feedback import load_feedback
from grading.rubric.observation import Observation
from grading.rubric.rubric import Rubric
from workers.grader import Run
from workers.writing.measure import FEATURE_VERSION, Step
from workers.writing.measurer import Measurer, MeasuringHere
from workers.writing.models import tool_versions

GRADER = "embedded-writing"
#: Changes with the grader's code or its models.
GRADER_VERSION = "2.0"
RUBRIC_VERSION = "writing-2.0"
FEEDBACK_VERSION = "1.0"

#: The part of a run's progress that measuring takes.
_MEASURED_FROM, _MEASURED_TO = 0.2, 0.8


def steps_of(run: Run) -> Step:
    """Tell a run how far the measuring is."""

    def step(share: float, message: str) -> None:
        progress = _MEASURED_FROM + share * (_MEASURED_TO - _MEASURED_FROM)
        run.report(JobStage.MEASURING, round(progress, 2), message)

    return step


class EmbeddedWritingGrader:
    """Grades writing in this process; a WritingGrader."""

    def __init__(
        self,
        measurer: Measurer,
        rubric: Rubric,
        feedback: FeedbackRules,
        calibration: Calibration | None = None,
    ) -> None:
        self._measurer = measurer
        self._rubric = rubric
        self._feedback = feedback
        self._calibration = calibration

    @classmethod
    def load(
        cls,
        rubric_version: str = RUBRIC_VERSION,
        calibration: Calibration | None = None,
        measurer: Measurer | None = None,
    ) -> Self:
        """Load the rubric and, without a ``measurer``, the models; that takes seconds."""
        return cls(
            measurer or MeasuringHere(),
            load_rubric(rubric_version),
            load_feedback(FEEDBACK_VERSION),
            calibration,
        )

    def grade(self, work: WritingWork, run: Run) -> GradingResult:
        """Grade ``work``; the same work gives the same result."""
        return self.score(work, self.observe(work, run), run)

    def observe(self, work: WritingWork, run: Run) -> tuple[Observation, ...]:
        """Measure ``work``."""
        return self._measurer.measure(work, steps_of(run))

    def score(
        self, work: WritingWork, observations: Sequence[Observation], run: Run
    ) -> GradingResult:
        """Score what was measured in ``work``."""
        run.report(JobStage.SCORING, 0.9, "Applying the rubric")
        verdict = judge(self._rubric, work.task, observations, self._calibration)
        feedback = write_feedback(self._feedback, work.feedback_language, verdict, observations)
        return verdict.result(self._provenance(), feedback)

    def _provenance(self) -> Provenance:
        return Provenance(
            grader=GRADER,
            grader_version=GRADER_VERSION,
            rubric_version=self._rubric.version,
            feature_version=FEATURE_VERSION,
            tools=(*tool_versions(), f"feedback {self._feedback.version}"),
            calibration=self._calibration.identity if self._calibration else "",
        )
