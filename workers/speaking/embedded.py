"""The speaking grader that needs no key: measured sound and words, and a written rubric."""

from dataclasses import replace
from typing import Self

from grading.domain.audio import NotAssessableReason
from grading.domain.job import JobStage
from grading.domain.result import GradingResult, NotAssessable, Provenance
from grading.domain.work import SpeakingWork
from grading.rubric.calibration import Calibration
from grading.rubric.engine import judge
from grading.rubric.feedback import write_feedback
from grading.rubric.feedback_rules import FeedbackRules
from grading.rubric.load import load_rubric
from grading.rubric.load_feedback import load_feedback
from grading.rubric.rubric import Rubric
from workers.grader import Run
from workers.speaking.listening import Heard, NothingHeard, listen
from workers.speaking.measure import FEATURE_VERSION, measure
from workers.speaking.models import SpeakingModels

GRADER = "embedded-speaking"
#: Changes with the grader's code or its models.
GRADER_VERSION = "1.0"
RUBRIC_VERSION = "speaking-1.0"
FEEDBACK_VERSION = "speaking-1.0"

#: The parts of a run's progress that listening and measuring take.
_HEARD_FROM, _HEARD_TO = 0.1, 0.75
_MESSAGES = {
    NotAssessableReason.SILENCE: "Nothing is heard in the recording.",
    NotAssessableReason.NOISE: "There is noise in the recording, but no speech.",
    NotAssessableReason.TONE: "There is a tone in the recording, but no speech.",
    NotAssessableReason.NO_SPEECH: "No words can be made out in the recording.",
}


class EmbeddedSpeakingGrader:
    """Grades speaking in this process; a SpeakingGrader."""

    def __init__(
        self,
        models: SpeakingModels,
        rubric: Rubric,
        feedback: FeedbackRules,
        calibration: Calibration | None = None,
    ) -> None:
        self._models = models
        self._rubric = rubric
        self._feedback = feedback
        self._calibration = calibration

    @classmethod
    def load(
        cls, models: SpeakingModels | None = None, calibration: Calibration | None = None
    ) -> Self:
        """Load the rubric, and the models where none are given; once a process."""
        return cls(
            models or SpeakingModels.load(),
            load_rubric(RUBRIC_VERSION),
            load_feedback(FEEDBACK_VERSION),
            calibration,
        )

    def grade(self, work: SpeakingWork, run: Run) -> GradingResult | NotAssessable:
        """Grade ``work``; the same recording gives the same result.

        Raises:
            AudioRefused: the recording can't be used, and trying again would not help.
            TransientFault: a fault of the transcriber that another run may mend.
        """

        def step(share: float, message: str) -> None:
            progress = _HEARD_FROM + share * (_HEARD_TO - _HEARD_FROM)
            run.report(JobStage.MEASURING, round(progress, 2), message)

        heard = listen(work.recording, self._models, step)
        if isinstance(heard, NothingHeard):
            message = _MESSAGES[heard.reason]
            return NotAssessable(heard.reason, message, heard.quality, self._provenance())
        return self._grade(work, heard, run)

    def _grade(self, work: SpeakingWork, heard: Heard, run: Run) -> GradingResult:
        run.report(JobStage.MEASURING, _HEARD_TO, "Measuring the answer")
        observations = measure(work, heard, self._models)
        run.report(JobStage.SCORING, 0.9, "Applying the rubric")
        verdict = judge(self._rubric, work.part, observations, self._calibration)
        feedback = write_feedback(self._feedback, work.feedback_language, verdict, observations)
        return replace(
            verdict.result(self._provenance(), feedback),
            transcript=heard.transcript,
            audio=heard.quality,
        )

    def _provenance(self) -> Provenance:
        return Provenance(
            grader=GRADER,
            grader_version=GRADER_VERSION,
            rubric_version=self._rubric.version,
            feature_version=FEATURE_VERSION,
            tools=(*self._models.tools, f"feedback {self._feedback.version}"),
            calibration=self._calibration.identity if self._calibration else "",
        )
