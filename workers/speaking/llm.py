"""The grader that hears a language model on the words of a recording, beside what is measured."""

from collections.abc import Sequence
from dataclasses import replace

from grading.domain.criterion import SOUND_CRITERIA
from grading.domain.fallback import BudgetAction, Fallback
from grading.domain.feedback import Feedback
from grading.domain.job import JobStage
from grading.domain.result import Flag, GradingResult, NotAssessable, Provenance
from grading.domain.usage import ModelUse
from grading.domain.work import SpeakingWork
from grading.exceptions import WorkerStopping
from grading.rubric.calibration import Calibration
from grading.rubric.engine import Verdict, judge
from grading.rubric.feedback import write_feedback
from grading.rubric.feedback_rules import FeedbackRules
from grading.rubric.observation import Observation
from grading.rubric.rubric import Rubric, Scorer
from workers import metrics
from workers.evidence.prompt import PromptFile
from workers.evidence.to_grader import TO_GRADER, observe_passages, with_passages
from workers.evidence.unasked import NOT_ENGLISH, NOTHING_OWN
from workers.evidence.witness import Heard as Told
from workers.evidence.witness import Witness
from workers.grader import Run
from workers.providers.consequence import go_on_without
from workers.providers.faults import ProviderFault
from workers.speaking.embedded import EmbeddedSpeakingGrader, Transcribed
from workers.speaking.evidence.form import SpokenEvidenceAndFeedbackForm, SpokenEvidenceForm
from workers.speaking.evidence.question import questions_about
from workers.speaking.evidence.remarks import spoken_feedback
from workers.speaking.evidence.spoken_text import SpokenText
from workers.speaking.measure import write_down
from workers.speaking.whisper import ENGLISH
from workers.turn import TURN

GRADER = "llm-speaking"
#: Changes with the grader's code.
GRADER_VERSION = "1.0"
RUBRIC_VERSION = "speaking-llm-1.0"
PROMPT_VERSION = "speaking-evidence-1.0"

#: How far a run is when all is measured.
_MEASURED = 0.8
#: Remarks of each sort that are the model's; one more is on how the answer sounds.
_ON_WORDS, _ON_SOUND = 2, 1

_Told = Told[SpokenEvidenceAndFeedbackForm, SpokenEvidenceForm]


def observed_version(measured: str) -> str:
    """The version of all that is observed where ``measured`` is the version of what is measured."""
    return f"{measured}+{PROMPT_VERSION}"


class LlmSpeakingGrader:
    """Grades speaking with a model as a witness of the words; a SpeakingGrader.

    The model is asked as soon as there is a transcript, and answers while the sound is
    measured. Where it can't be heard, or nothing usable comes of it and a fallback is set, the
    embedded grader grades alone, and the provenance says why.
    """

    def __init__(
        self,
        embedded: EmbeddedSpeakingGrader,
        prompt: PromptFile,
        witness: Witness,
        rubric: Rubric,
        feedback: FeedbackRules,
        scorers: frozenset[Scorer],
        fallback: Fallback,
        budget_action: BudgetAction,
        calibration: Calibration | None = None,
    ) -> None:
        self._embedded = embedded
        self._prompt = prompt
        self._witness = witness
        self._rubric = rubric
        self._feedback = feedback
        self._scorers = scorers
        self._fallback = fallback
        self._budget_action = budget_action
        self._calibration = calibration

    def grade(self, work: SpeakingWork, run: Run) -> GradingResult | NotAssessable:
        """Grade ``work``."""
        said = self._embedded.transcribe(work, run)
        if isinstance(said, NotAssessable):
            return replace(said, provenance=_alone_for(said.provenance, NOTHING_OWN))
        with TURN:
            spoken = SpokenText.of(work, write_down(said.transcript))
        if reason := _why_unasked(said, spoken):
            return self._alone(work, said, self._embedded.observe(work, said, run), run, reason)
        hearing = self._witness.ask(questions_about(self._prompt, work, spoken), run)
        try:
            observed = self._embedded.observe(work, said, run)
            run.report(JobStage.MEASURING, _MEASURED, "Waiting for the language model")
            try:
                told = self._witness.hear(hearing, run, _MEASURED)
            except ProviderFault as fault:
                go_on_without(fault, run, self._fallback, self._budget_action)
                return self._alone(work, said, observed, run, fault.code)
        except WorkerStopping:
            self._witness.see_out(hearing, run)
            raise
        finally:
            hearing.stop()
        if to_grader := told.passages_to_grader(spoken.own):
            passages = spoken.speech.with_moments(observe_passages(to_grader))
            observed = with_passages(observed, passages)
            return self._alone(work, said, observed, run, TO_GRADER, told.uses)
        run.report(JobStage.SCORING, 0.9, "Applying the rubric")
        with TURN:
            return self._together(work, spoken, said, observed, told)

    def _together(
        self,
        work: SpeakingWork,
        spoken: SpokenText,
        said: Transcribed,
        observed: Sequence[Observation],
        told: _Told,
    ) -> GradingResult:
        observations = (*observed, *told.evidence.observations)
        calibration = said.calibration_or_none(self._calibration)
        verdict = judge(
            self._rubric,
            work.part,
            observations,
            calibration,
            self._scorers,
            () if told.second is None else told.second.observations,
        )
        measured = self._embedded.provenance(said.transcription, calibration)
        provenance = replace(
            measured,
            grader=GRADER,
            grader_version=GRADER_VERSION,
            rubric_version=self._rubric.version,
            feature_version=observed_version(measured.feature_version),
            models=(*measured.models, *told.uses),
        )
        feedback = self._write_feedback(work, spoken, verdict, told, observations)
        return replace(
            verdict.result(provenance, feedback), transcript=said.transcript, audio=said.quality
        )

    def _write_feedback(
        self,
        work: SpeakingWork,
        spoken: SpokenText,
        verdict: Verdict,
        told: _Told,
        observations: Sequence[Observation],
    ) -> Feedback:
        """The model's words on what was said, and ours on how it sounds.

        Ours alone where a cap is what matters, the evidence is disputed, or none of the model's
        may be told.
        """
        language = work.feedback_language
        given = None
        if not verdict.caps and Flag.SCORERS_DISAGREE not in verdict.flags:
            given = spoken_feedback(told.evidence.form.feedback, language, spoken)
        if given is None:
            return write_feedback(self._feedback, language, verdict, observations)
        on_sound = tuple(item for item in verdict.criteria if item.criterion in SOUND_CRITERIA)
        if not on_sound:
            return given
        ours = write_feedback(
            self._feedback, language, replace(verdict, criteria=on_sound), observations
        )
        return replace(
            given,
            strengths=(*given.strengths[:_ON_WORDS], *ours.strengths[:_ON_SOUND]),
            to_work_on=(*given.to_work_on[:_ON_WORDS], *ours.to_work_on[:_ON_SOUND]),
        )

    def _alone(
        self,
        work: SpeakingWork,
        said: Transcribed,
        observed: Sequence[Observation],
        run: Run,
        reason: str,
        uses: tuple[ModelUse, ...] = (),
    ) -> GradingResult:
        """What the embedded grader makes of it, and why it was alone."""
        metrics.FALLBACKS.labels(reason).inc()
        result = self._embedded.score(work, said, observed, run)
        return replace(result, provenance=_alone_for(result.provenance, reason, uses))


def _alone_for(provenance: Provenance, reason: str, uses: tuple[ModelUse, ...] = ()) -> Provenance:
    """The embedded grader's provenance, with why it was alone beside why it transcribed."""
    reasons = (provenance.fallback, reason) if provenance.fallback else (reason,)
    return replace(provenance, fallback=", ".join(reasons), models=(*provenance.models, *uses))


def _why_unasked(said: Transcribed, spoken: SpokenText) -> str:
    """Why no model is asked; empty where one is."""
    if spoken.own.to_grader:
        # What is meant for the grader is none of a model's business.
        return TO_GRADER
    if said.transcript.language != ENGLISH:
        return NOT_ENGLISH
    return "" if spoken.own.words else NOTHING_OWN
