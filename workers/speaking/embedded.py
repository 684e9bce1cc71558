"""The speaking grader that needs no key: measured sound and words, and a written rubric."""

from collections.abc import Sequence
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
from grading.rubric.observation import Observation
from grading.rubric.rubric import Rubric
from workers.grader import Run
from workers.speaking.listening import (
    Heard,
    NothingHeard,
    Step,
    Transcribed,
    listen_closely,
    transcribe,
)
from workers.speaking.measure import FEATURE_VERSION, measure, write_down
from workers.speaking.models import SpeakingModels
from workers.speaking.speech_text import SpeechText

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


def _steps_of(run: Run) -> Step:
    def step(share: float, message: str) -> None:
        progress = _HEARD_FROM + share * (_HEARD_TO - _HEARD_FROM)
        run.report(JobStage.MEASURING, round(progress, 2), message)

    return step


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

    @property
    def tools(self) -> tuple[str, ...]:
        """What it listens and measures with, as ``name version``."""
        return self._models.tools

    def grade(self, work: SpeakingWork, run: Run) -> GradingResult | NotAssessable:
        """Grade ``work``; the same recording gives the same result.

        Raises:
            AudioRefused: the recording can't be used, and trying again would not help.
            TransientFault: a fault of the transcriber that another run may mend.
        """

        said = self.transcribe(work, run)
        if isinstance(said, NotAssessable):
            return said
        heard = self.listen_closely(said, run)
        return self.score(work, heard, self.observe(work, heard, run), run)

    def transcribe(self, work: SpeakingWork, run: Run) -> Transcribed | NotAssessable:
        """The words of the recording; raises what ``grade`` does."""
        said = transcribe(work.recording, self._models, _steps_of(run))
        if isinstance(said, NothingHeard):
            message = _MESSAGES[said.reason]
            return NotAssessable(said.reason, message, said.quality, self._provenance())
        return said

    def write_down(self, said: Transcribed) -> SpeechText:
        """What was ``said`` as a text, by the recogniser's own times."""
        return write_down(said.transcript, self._models)

    def listen_closely(self, said: Transcribed, run: Run) -> Heard:
        """How what was ``said`` sounds."""
        return listen_closely(said, self._models, _steps_of(run))

    def observe(self, work: SpeakingWork, heard: Heard, run: Run) -> tuple[Observation, ...]:
        """Measure what was ``heard``."""
        run.report(JobStage.MEASURING, _HEARD_TO, "Measuring the answer")
        return measure(work, heard, self._models)

    def score(
        self, work: SpeakingWork, heard: Heard, observations: Sequence[Observation], run: Run
    ) -> GradingResult:
        """Score what was measured."""
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
            tools=(*self.tools, f"feedback {self._feedback.version}"),
            calibration=self._calibration.identity if self._calibration else "",
        )
