"""The grader that hears a language model: its evidence beside what is measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from grading.domain.criterion import Quote
from grading.domain.fallback import BudgetAction, Fallback
from grading.domain.feedback import Feedback
from grading.domain.job import JobStage
from grading.domain.result import Flag, GradingResult, Provenance
from grading.domain.usage import ModelUse
from grading.domain.work import WritingWork
from grading.exceptions import WorkerStopping
from grading.rubric.calibration import Calibration
from grading.rubric.engine import Verdict, judge
from grading.rubric.feedback import write_feedback
from grading.rubric.feedback_rules import FeedbackRules
from grading.rubric.observation import Observation
from grading.rubric.rubric import Rubric, Scorer
from workers import metrics
from workers.evidence.prompt import PromptFile
from workers.evidence.remarks import feedback_from
from workers.evidence.to_grader import TO_GRADER, observe_passages, with_passages
from workers.evidence.unasked import NOTHING_OWN
from workers.evidence.witness import Heard, Witness
from workers.grader import Run
from workers.providers.consequence import go_on_without
from workers.providers.faults import ProviderFault
from workers.turn import TURN
from workers.writing.embedded import EmbeddedWritingGrader, steps_of
from workers.writing.evidence.form import EvidenceAndFeedbackForm, EvidenceForm
from workers.writing.evidence.question import questions_about
from workers.writing.measure import FEATURE_VERSION, Step
from workers.writing.own_text import OwnText, read_own_text

GRADER = "llm-writing"
#: Changes with the grader's code.
GRADER_VERSION = "1.0"
RUBRIC_VERSION = "writing-llm-1.0"
PROMPT_VERSION = "evidence-1.0"

_Heard = Heard[EvidenceAndFeedbackForm, EvidenceForm]
#: Observes an answer; what it finds is judged beside a model's evidence.
Observe = Callable[[WritingWork, OwnText, Step], tuple[Observation, ...]]


@dataclass(frozen=True, slots=True)
class Measuring:
    """What is measured beside a model's evidence, and who scores by it."""

    observe: Observe
    #: Both, or the evidence alone beside measures that only bound it.
    scorers: frozenset[Scorer]
    #: Changes with what ``observe`` measures.
    version: str
    tools: tuple[str, ...]

    @property
    def feature_version(self) -> str:
        """The version of all that is observed."""
        return observed_version(self.version)

    @property
    def is_full(self) -> bool:
        """Whether the embedded grader could score by it."""
        return self.version == FEATURE_VERSION


def observed_version(measured: str) -> str:
    """The version of all that is observed where ``measured`` is the version of what is measured."""
    return f"{measured}+{PROMPT_VERSION}"


class LlmWritingGrader:
    """Grades writing with a model as a witness; a WritingGrader.

    The model gives evidence and the rubric gives scores. Where the answer speaks to the
    grader, or the model gives nothing usable and a fallback is set, the embedded grader
    grades alone, and the provenance says why.
    """

    def __init__(
        self,
        embedded: EmbeddedWritingGrader,
        measuring: Measuring,
        prompt: PromptFile,
        witness: Witness,
        rubric: Rubric,
        feedback: FeedbackRules,
        fallback: Fallback,
        budget_action: BudgetAction,
        calibration: Calibration | None = None,
    ) -> None:
        self._embedded = embedded
        self._measuring = measuring
        self._prompt = prompt
        self._witness = witness
        self._rubric = rubric
        self._feedback = feedback
        self._fallback = fallback
        self._budget_action = budget_action
        self._calibration = calibration

    def grade(self, work: WritingWork, run: Run) -> GradingResult:
        """Grade ``work``."""
        with TURN:
            own = read_own_text(work)
        # What is meant for the grader is none of a model's business.
        if own.to_grader or not own.words:
            return self._alone(work, run, TO_GRADER if own.to_grader else NOTHING_OWN)
        minimum = self._rubric.minimum_words[work.task]
        hearing = self._witness.ask(questions_about(self._prompt, work, own, minimum), run)
        observed: tuple[Observation, ...] | None = None
        try:
            observed = self._measuring.observe(work, own, steps_of(run))
            progress = 0.8 if self._measuring.is_full else 0.2
            run.report(JobStage.MEASURING, progress, "Waiting for the language model")
            heard = self._witness.hear(hearing, run, progress)
        except ProviderFault as fault:
            go_on_without(fault, run, self._fallback, self._budget_action)
            return self._alone(work, run, fault.code, observed)
        except WorkerStopping:
            self._witness.see_out(hearing, run)
            raise
        finally:
            hearing.stop()
        if to_grader := heard.passages_to_grader(own):
            return self._alone(work, run, TO_GRADER, observed, heard.uses, to_grader)
        run.report(JobStage.SCORING, 0.9, "Applying the rubric")
        with TURN:
            return self._together(work, own, observed, heard)

    def _together(
        self,
        work: WritingWork,
        own: OwnText,
        observed: Sequence[Observation],
        heard: _Heard,
    ) -> GradingResult:
        observations = (*observed, *heard.evidence.observations)
        verdict = judge(
            self._rubric,
            work.task,
            observations,
            self._calibration,
            self._measuring.scorers,
            () if heard.second is None else heard.second.observations,
        )
        provenance = Provenance(
            grader=GRADER,
            grader_version=GRADER_VERSION,
            rubric_version=self._rubric.version,
            feature_version=self._measuring.feature_version,
            tools=(*self._measuring.tools, f"feedback {self._feedback.version}"),
            calibration=self._calibration.identity if self._calibration else "",
            models=heard.uses,
        )
        feedback = self._write_feedback(work, own, verdict, heard, observations)
        return verdict.result(provenance, feedback)

    def _write_feedback(
        self,
        work: WritingWork,
        own: OwnText,
        verdict: Verdict,
        heard: _Heard,
        observations: Sequence[Observation],
    ) -> Feedback:
        """The model's words; ours where its evidence is disputed or none of them may be told."""
        language = work.feedback_language
        given = None
        if Flag.SCORERS_DISAGREE not in verdict.flags:
            given = feedback_from(heard.evidence.form.feedback, language, own)
        return given or write_feedback(self._feedback, language, verdict, observations)

    def _alone(
        self,
        work: WritingWork,
        run: Run,
        reason: str,
        observed: tuple[Observation, ...] | None = None,
        uses: tuple[ModelUse, ...] = (),
        to_grader: tuple[Quote, ...] = (),
    ) -> GradingResult:
        """What the embedded grader makes of it, and why it was alone."""
        metrics.FALLBACKS.labels(reason).inc()
        if observed is None or not self._measuring.is_full:
            observed = self._embedded.observe(work, run)
        if to_grader:
            observed = with_passages(observed, observe_passages(to_grader))
        result = self._embedded.score(work, observed, run)
        provenance = replace(result.provenance, fallback=reason, models=uses)
        return replace(result, provenance=provenance)
