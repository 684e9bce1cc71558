"""Asks models what they see in an answer."""

from concurrent.futures import Future
from dataclasses import dataclass

from grading.domain.usage import ModelUse
from grading.domain.work import WritingWork
from workers.grader import Run
from workers.providers.caller import Caller, Question, Testimony
from workers.providers.faults import ProviderFault
from workers.providers.waiting import await_call
from workers.writing.evidence.form import EvidenceAndFeedbackForm, EvidenceForm
from workers.writing.evidence.prompt import PromptFile, ask_for_evidence, make_mark
from workers.writing.evidence.reading import reader_of
from workers.writing.own_text import OwnText

#: The stages under which answers are kept.
EVIDENCE, SECOND_EVIDENCE = "evidence", "second_evidence"


@dataclass(frozen=True, slots=True)
class Heard:
    """What the models saw."""

    evidence: EvidenceAndFeedbackForm
    #: What the second model saw; None where there is none, or it gave nothing usable.
    second: EvidenceForm | None
    uses: tuple[ModelUse, ...]


@dataclass(frozen=True, slots=True)
class Hearing:
    """Calls in flight."""

    first: Future[Testimony[EvidenceAndFeedbackForm]]
    second: Future[Testimony[EvidenceForm]] | None

    def stop(self) -> None:
        """Stop the calls."""
        self.first.cancel()
        if self.second is not None:
            self.second.cancel()


def first_question(
    file: PromptFile, work: WritingWork, own: OwnText, minimum: int, mark: str
) -> Question[EvidenceAndFeedbackForm]:
    """What the first model is asked about ``own``; ``minimum`` words are the least of its task."""
    prompt = ask_for_evidence(file, own, minimum, work.feedback_language, mark)
    return Question(EVIDENCE, prompt, reader_of(EvidenceAndFeedbackForm, own))


class Witness:
    """One model, and a second one where the settings name it."""

    def __init__(
        self, prompt: PromptFile, first: Caller, second: Caller | None, patience: float
    ) -> None:
        self._prompt = prompt
        self._first = first
        self._second = second
        self._patience = patience

    def ask(self, work: WritingWork, own: OwnText, minimum: int, run: Run) -> Hearing:
        """Begin to ask about ``own``; ``minimum`` is the least number of words of its task."""
        mark = make_mark(own.text)
        first = first_question(self._prompt, work, own, minimum, mark)
        second = Question(
            SECOND_EVIDENCE,
            ask_for_evidence(self._prompt, own, minimum, None, mark),
            reader_of(EvidenceForm, own),
        )
        return Hearing(
            self._first.start(first, run.ledger),
            None if self._second is None else self._second.start(second, run.ledger),
        )

    def hear(self, hearing: Hearing, run: Run, progress: float) -> Heard:
        """Wait for what the models say.

        Raises:
            ProviderFault: the first model gave nothing usable.
            LeaseLost, WorkerStopping: the run is over.
        """
        try:
            first = await_call(hearing.first, run, progress, self._patience)
            second = self._hear_second(hearing, run, progress)
        finally:
            hearing.stop()
        uses = (first.use,) if second is None else (first.use, second.use)
        return Heard(first.content, None if second is None else second.content, uses)

    def _hear_second(
        self, hearing: Hearing, run: Run, progress: float
    ) -> Testimony[EvidenceForm] | None:
        if hearing.second is None:
            return None
        try:
            return await_call(hearing.second, run, progress, self._patience)
        except ProviderFault:
            # It only tells how sure the first one's evidence is.
            return None
