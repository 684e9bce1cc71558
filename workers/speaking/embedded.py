"""The speaking grader that needs no key: measured sound and words, and a written rubric."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from grading.domain.audio import AudioQuality, NotAssessableReason
from grading.domain.job import JobStage
from grading.domain.result import GradingResult, NotAssessable, Provenance
from grading.domain.transcript import Transcript
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
from workers.speaking.listener import Listener, ListeningHere
from workers.speaking.listening import NothingHeard, Opened
from workers.speaking.measure import feature_version
from workers.speaking.models import SpeakingModels, listening_tools
from workers.speaking.progress import steps_of
from workers.speaking.transcripts import EmbeddedTranscripts, Transcription, Transcripts
from workers.writing.models import tool_versions

GRADER = "embedded-speaking"
#: Changes with the grader's code or its models.
GRADER_VERSION = "1.0"
RUBRIC_VERSION = "speaking-1.0"
FEEDBACK_VERSION = "speaking-1.0"

_MESSAGES = {
    NotAssessableReason.SILENCE: "Nothing is heard in the recording.",
    NotAssessableReason.NOISE: "There is noise in the recording, but no speech.",
    NotAssessableReason.TONE: "There is a tone in the recording, but no speech.",
    NotAssessableReason.NO_SPEECH: "No words can be made out in the recording.",
}


@dataclass(frozen=True, slots=True)
class Transcribed:
    """A recording whose words are known, and nothing yet of how they sound."""

    opened: Opened
    transcription: Transcription

    @property
    def transcript(self) -> Transcript:
        """The words."""
        return self.transcription.transcript

    @property
    def quality(self) -> AudioQuality:
        """How well they can be heard."""
        return self.opened.quality

    def calibration_or_none(self, calibration: Calibration | None) -> Calibration | None:
        """What scores may be calibrated by; it tells nothing of another recogniser's words."""
        return None if self.transcription.fallback else calibration


class EmbeddedSpeakingGrader:
    """Grades speaking by what is heard, whoever transcribes it; a SpeakingGrader."""

    def __init__(
        self,
        listener: Listener,
        transcripts: Transcripts,
        rubric: Rubric,
        feedback: FeedbackRules,
        calibration: Calibration | None = None,
    ) -> None:
        """``calibration`` was fitted to what is heard by ``transcripts``."""
        self._listener = listener
        self._transcripts = transcripts
        self._rubric = rubric
        self._feedback = feedback
        self._calibration = calibration

    @classmethod
    def load(
        cls,
        models: SpeakingModels | None = None,
        calibration: Calibration | None = None,
        listener: Listener | None = None,
        transcripts: Transcripts | None = None,
    ) -> Self:
        """Load the rubric and, without a ``listener``, the models where none are given."""
        listens = listener or ListeningHere(models or SpeakingModels.load())
        return cls(
            listens,
            transcripts or EmbeddedTranscripts(listens),
            load_rubric(RUBRIC_VERSION),
            load_feedback(FEEDBACK_VERSION),
            calibration,
        )

    def grade(self, work: SpeakingWork, run: Run) -> GradingResult | NotAssessable:
        """Grade ``work``; the same recording and transcript give the same result.

        Raises:
            AudioRefused: the recording can't be used, and trying again would not help.
            LeaseLost, WorkerStopping, TransientFault, PermanentFault, Postponed: as of the
                transcripts.
        """
        said = self.transcribe(work, run)
        if isinstance(said, NotAssessable):
            return said
        return self.score(work, said, self.observe(work, said, run), run)

    def transcribe(self, work: SpeakingWork, run: Run) -> Transcribed | NotAssessable:
        """The words of the recording; raises what ``grade`` does."""
        step = steps_of(run)
        opened = self._listener.open(work.recording, step)
        if isinstance(opened, NothingHeard):
            return self._not_assessable(opened.reason, opened.quality)
        transcription = self._transcripts.transcribe(work.recording, opened, run, step)
        if not transcription.transcript.words:
            reason = NotAssessableReason.NO_SPEECH
            return self._not_assessable(reason, opened.quality, transcription)
        return Transcribed(opened, transcription)

    def observe(self, work: SpeakingWork, said: Transcribed, run: Run) -> tuple[Observation, ...]:
        """Listen to what was ``said``, and measure it."""
        return self._listener.measure(work, said.opened, said.transcript, steps_of(run))

    def score(
        self, work: SpeakingWork, said: Transcribed, observations: Sequence[Observation], run: Run
    ) -> GradingResult:
        """Score what was measured."""
        run.report(JobStage.SCORING, 0.9, "Applying the rubric")
        calibration = said.calibration_or_none(self._calibration)
        verdict = judge(self._rubric, work.part, observations, calibration)
        feedback = write_feedback(self._feedback, work.feedback_language, verdict, observations)
        provenance = self.provenance(said.transcription, calibration)
        return replace(
            verdict.result(provenance, feedback),
            transcript=said.transcript,
            audio=said.quality,
        )

    def _not_assessable(
        self,
        reason: NotAssessableReason,
        quality: AudioQuality,
        transcription: Transcription | None = None,
    ) -> NotAssessable:
        provenance = self.provenance(transcription, self._calibration)
        return NotAssessable(reason, _MESSAGES[reason], quality, provenance)

    def provenance(
        self, transcription: Transcription | None, calibration: Calibration | None
    ) -> Provenance:
        """How a result came about; without a ``transcription`` nothing was transcribed."""
        recogniser = transcription.tools if transcription else self._transcripts.tools
        return Provenance(
            grader=GRADER,
            grader_version=GRADER_VERSION,
            rubric_version=self._rubric.version,
            feature_version=feature_version(transcription.version if transcription else ""),
            tools=(
                *listening_tools(),
                *recogniser,
                *tool_versions(),
                f"feedback {self._feedback.version}",
            ),
            calibration=calibration.identity if calibration else "",
            models=transcription.uses if transcription else (),
            fallback=transcription.fallback if transcription else "",
        )
