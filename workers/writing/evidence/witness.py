"""Asks models what they see in an answer."""

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from grading.domain.criterion import Quote
from grading.domain.usage import ModelUse
from grading.domain.work import WritingWork
from workers.grader import Run
from workers.providers.caller import Caller, Question, Testimony
from workers.providers.chat import ChatPrompt
from workers.providers.faults import ProviderFault
from workers.providers.waiting import await_call, see_out
from workers.writing.evidence.form import EvidenceAndFeedbackForm, EvidenceForm
from workers.writing.evidence.observations import passages_to_grader
from workers.writing.evidence.prompt import PromptFile, ask_for_evidence, make_mark
from workers.writing.evidence.reading import Evidence, reader_of
from workers.writing.own_text import OwnText

#: The stages under which answers are kept.
EVIDENCE, SECOND_EVIDENCE = "evidence", "second_evidence"


@dataclass(frozen=True, slots=True)
class Heard:
    """What the models saw."""

    evidence: Evidence[EvidenceAndFeedbackForm]
    #: What the second model saw; None where there is none, or it gave nothing usable.
    second: Evidence[EvidenceForm] | None
    uses: tuple[ModelUse, ...]

    def passages_to_grader(self, own: OwnText) -> tuple[Quote, ...]:
        """Where either model saw the answer speak to the grader."""
        seen = passages_to_grader(self.evidence.form, own)
        if seen or self.second is None:
            return seen
        return passages_to_grader(self.second.form, own)


@dataclass(frozen=True, slots=True)
class Hearing:
    """Calls in flight."""

    first: Future[Testimony[Evidence[EvidenceAndFeedbackForm]]]
    second: Future[Testimony[Evidence[EvidenceForm]]] | None

    @property
    def calls(self) -> tuple[Future[Any], ...]:
        """All of them."""
        return (self.first,) if self.second is None else (self.first, self.second)

    def stop(self) -> None:
        """Stop the calls."""
        for call in self.calls:
            call.cancel()


def first_question(
    file: PromptFile, work: WritingWork, own: OwnText, minimum: int, mark: str
) -> Question[ChatPrompt, Evidence[EvidenceAndFeedbackForm]]:
    """What the first model is asked about ``own``; ``minimum`` words are the least of its task."""
    prompt = ask_for_evidence(file, own, minimum, work.feedback_language, mark)
    return Question(EVIDENCE, prompt, reader_of(EvidenceAndFeedbackForm, own))


class Witness:
    """One model, and a second one where the settings name it.

    ``patience`` is how long a worker that shuts down waits for calls in flight, in seconds.
    """

    def __init__(
        self,
        prompt: PromptFile,
        first: Caller[ChatPrompt],
        second: Caller[ChatPrompt] | None,
        patience: float,
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
        first = await_call(hearing.first, run, progress)
        second = self._hear_second(hearing, run, progress)
        uses = (first.use,) if second is None else (first.use, second.use)
        return Heard(first.content, None if second is None else second.content, uses)

    def see_out(self, hearing: Hearing, run: Run) -> None:
        """Let calls in flight end, as long as a worker that shuts down may wait for them."""
        see_out(hearing.calls, run, self._patience)

    def _hear_second(
        self, hearing: Hearing, run: Run, progress: float
    ) -> Testimony[Evidence[EvidenceForm]] | None:
        if hearing.second is None:
            return None
        try:
            return await_call(hearing.second, run, progress)
        except ProviderFault:
            # It only tells how sure the first one's evidence is.
            return None
