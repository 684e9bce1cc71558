"""Asks models what they see in an answer."""

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from grading.domain.criterion import Quote
from grading.domain.usage import ModelUse
from workers.evidence.parts import Form
from workers.evidence.reading import Evidence
from workers.evidence.to_grader import passages_to_grader
from workers.grader import Run
from workers.providers.caller import Caller, Question, Testimony
from workers.providers.chat import ChatPrompt
from workers.providers.faults import ProviderFault
from workers.providers.waiting import await_call, see_out
from workers.writing.own_text import OwnText

#: The stages under which answers are kept.
EVIDENCE, SECOND_EVIDENCE = "evidence", "second_evidence"

#: The forms that the first and the second model fill in.
F = TypeVar("F", bound=Form)
S = TypeVar("S", bound=Form)


@dataclass(frozen=True, slots=True)
class Questions(Generic[F, S]):
    """What the models are asked about one answer."""

    first: Question[ChatPrompt, Evidence[F]]
    #: For the second model, where there is one.
    second: Question[ChatPrompt, Evidence[S]]


@dataclass(frozen=True, slots=True)
class Heard(Generic[F, S]):
    """What the models saw."""

    evidence: Evidence[F]
    #: What the second model saw; None where there is none, or it gave nothing usable.
    second: Evidence[S] | None
    uses: tuple[ModelUse, ...]

    def passages_to_grader(self, own: OwnText) -> tuple[Quote, ...]:
        """Where either model saw the answer speak to the grader."""
        seen = passages_to_grader(self.evidence.form, own)
        if seen or self.second is None:
            return seen
        return passages_to_grader(self.second.form, own)


@dataclass(frozen=True, slots=True)
class Hearing(Generic[F, S]):
    """Calls in flight."""

    first: Future[Testimony[Evidence[F]]]
    second: Future[Testimony[Evidence[S]]] | None

    @property
    def calls(self) -> tuple[Future[Any], ...]:
        """All of them."""
        return (self.first,) if self.second is None else (self.first, self.second)

    def stop(self) -> None:
        """Stop the calls."""
        for call in self.calls:
            call.cancel()


class Witness:
    """One model, and a second one where the settings name it.

    ``patience`` is how long a worker that shuts down waits for calls in flight, in seconds.
    """

    def __init__(
        self, first: Caller[ChatPrompt], second: Caller[ChatPrompt] | None, patience: float
    ) -> None:
        self._first = first
        self._second = second
        self._patience = patience

    def ask(self, questions: Questions[F, S], run: Run) -> Hearing[F, S]:
        """Begin to ask."""
        return Hearing(
            self._first.start(questions.first, run.ledger),
            None if self._second is None else self._second.start(questions.second, run.ledger),
        )

    def hear(self, hearing: Hearing[F, S], run: Run, progress: float) -> Heard[F, S]:
        """Wait for what the models say.

        Raises:
            ProviderFault: the first model gave nothing usable.
            LeaseLost, WorkerStopping: the run is over.
        """
        first = await_call(hearing.first, run, progress)
        second = self._hear_second(hearing, run, progress)
        uses = (first.use,) if second is None else (first.use, second.use)
        return Heard(first.content, None if second is None else second.content, uses)

    def see_out(self, hearing: Hearing[F, S], run: Run) -> None:
        """Let calls in flight end, as long as a worker that shuts down may wait for them."""
        see_out(hearing.calls, run, self._patience)

    def _hear_second(
        self, hearing: Hearing[F, S], run: Run, progress: float
    ) -> Testimony[Evidence[S]] | None:
        if hearing.second is None:
            return None
        try:
            return await_call(hearing.second, run, progress)
        except ProviderFault:
            # It only tells how sure the first one's evidence is.
            return None
