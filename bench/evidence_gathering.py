"""Asks a model for evidence on many answers, many at a time; what is kept is not asked again."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from bench.answer_ledger import AnswerLedger
from bench.patient_caller import RETRIES, PatientCaller
from bench.purse import CapReached, Purse
from bench.token_bucket import TokenBucket
from grading.domain.retry import RetryPolicy
from grading.domain.usage import NO_USAGE, Usage
from grading.domain.work import WritingWork
from grading.provider_settings import ProviderSettings
from grading.rubric.load import load_rubric
from grading.store.provider_answers import KeptAnswer, ProviderCall
from workers.calibration.answer_hash import answer_hash
from workers.calibration.evidence_folder import EvidenceFolder
from workers.evidence.prompt import load_prompt, make_mark
from workers.evidence.reading import Evidence
from workers.evidence.witness import EVIDENCE
from workers.providers.background_loop import BackgroundLoop
from workers.providers.caller import Caller, Question
from workers.providers.chat import ChatModel, ChatPrompt
from workers.providers.faults import (
    BudgetSpent,
    KeyRefused,
    ModelUnknown,
    ProviderFault,
    QuotaSpent,
    RequestRefused,
)
from workers.writing import llm
from workers.writing.evidence.form import EvidenceAndFeedbackForm
from workers.writing.evidence.question import first_question
from workers.writing.own_text import read_own_text

Asked = Question[ChatPrompt, Evidence[EvidenceAndFeedbackForm]]

#: Every other call would meet these, too.
_OF_EVERY_CALL = (KeyRefused, ModelUnknown, QuotaSpent, BudgetSpent)
#: After so many answers in a row that the model gave nothing usable on, it is left alone.
_MOST_GIVEN_UP = 10


@dataclass(frozen=True, slots=True)
class Spent:
    """What calls used up."""

    calls: int
    usage: Usage
    #: In US dollars; None where the model has no price.
    cost: Decimal | None


@dataclass
class Gathered:
    """What became of the answers that a model was to be asked about."""

    #: Of what is asked: the same for all of them.
    prompt_hash: str = ""
    #: By the hash of the answer.
    kept: dict[str, KeptAnswer] = field(default_factory=dict)
    #: Answers without evidence, by the code of their last fault.
    failed: Counter[str] = field(default_factory=Counter)
    #: The cap that was reached; None where all could be asked about.
    cap: str | None = None
    #: The fault that ended it, since every call would meet it; None where none did.
    fault: str | None = None


#: Hears how many answers have evidence, of how many, and what was spent.
Tell = Callable[[int, int, Spent], None]


class EvidenceGathering:
    """One start, to be used once."""

    def __init__(
        self,
        settings: ProviderSettings,
        folder: EvidenceFolder,
        purse: Purse,
        tell: Tell,
        retries: RetryPolicy = RETRIES,
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._purse = purse
        self._tell = tell
        limit = settings.openai_tokens_per_minute
        self._bucket = None if limit is None else TokenBucket(limit)
        self._loop = BackgroundLoop()
        slots = asyncio.Semaphore(settings.openai_max_in_flight)
        model = ChatModel(settings, settings.openai_model)
        self._caller = Caller(self._loop, slots, model, settings.grading_budget)
        self._patient = PatientCaller(self._caller, settings, purse, retries)
        self._calls: list[ProviderCall] = []
        self._given_up = 0
        self._gathered = Gathered()

    @property
    def spent(self) -> Spent:
        """What the calls of this start used up so far."""
        usage = sum((call.usage for call in self._calls if call.usage), NO_USAGE)
        priced = self._settings.openai_model in self._settings.openai_prices
        return Spent(self._purse.calls, usage, self._purse.spent if priced else None)

    async def gather(self, works: Sequence[WritingWork]) -> Gathered:
        """Ask about ``works``; answers that are the same are asked about once.

        Raises:
            OSError: the folder can't be written to.
        """
        by_hash = {answer_hash(work): work for work in works}
        try:
            missing = self._keep_apart(by_hash)
            self._tell(len(self._gathered.kept), len(by_hash), self.spent)
            queue = iter(missing.items())
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._settings.openai_max_in_flight, len(missing))):
                    group.create_task(self._work_off(queue, len(by_hash)))
        finally:
            self._caller.close()
            self._loop.close()
        return self._gathered

    def _keep_apart(
        self, by_hash: Mapping[str, WritingWork]
    ) -> Mapping[str, tuple[WritingWork, Asked]]:
        """Take what the folder holds; what remains is to be asked."""
        missing = {}
        for digest, work in by_hash.items():
            question = _question(work)
            prompt_hash = self._gathered.prompt_hash = self._caller.prompt_hash(question.prompt)
            kept = self._folder.get(work, EVIDENCE, prompt_hash)
            if kept is not None and _is_usable(kept, question):
                self._gathered.kept[digest] = kept
            else:
                self._folder.forget(work, EVIDENCE, prompt_hash)
                missing[digest] = (work, question)
        return missing

    async def _work_off(
        self, queue: Iterator[tuple[str, tuple[WritingWork, Asked]]], total: int
    ) -> None:
        for digest, (work, question) in queue:
            if self._gathered.cap or self._gathered.fault:
                return
            ledger = AnswerLedger(self._folder, work, self._purse, self._bucket)
            try:
                await self._patient.ask(question, ledger)
            except CapReached as reached:
                self._gathered.cap = str(reached)
            except ProviderFault as fault:
                self._give_up(fault)
            else:
                self._given_up = 0
                [answer] = [call.answer for call in ledger.calls if call.answer is not None]
                self._gathered.kept[digest] = answer
            finally:
                self._calls += ledger.calls
            self._tell(len(self._gathered.kept), total, self.spent)

    def _give_up(self, fault: ProviderFault) -> None:
        self._gathered.failed[fault.code] += 1
        self._given_up += 1
        nothing_yet = not any(call.answer for call in self._calls)
        if (
            isinstance(fault, _OF_EVERY_CALL)
            # One answer may be too long for a model; the first is hardly the only one.
            or (isinstance(fault, RequestRefused) and nothing_yet)
            or self._given_up >= _MOST_GIVEN_UP
        ):
            self._gathered.fault = self._gathered.fault or str(fault)
            self._patient.end()


def _question(work: WritingWork) -> Asked:
    """What the product would ask about ``work``."""
    own = read_own_text(work)
    minimum = load_rubric(llm.RUBRIC_VERSION).minimum_words[work.task]
    file = load_prompt(llm.PROMPT_VERSION)
    return first_question(file, work, own, minimum, make_mark(own.text))


def _is_usable(kept: KeptAnswer, question: Asked) -> bool:
    try:
        question.read(kept.content)
    except ProviderFault:
        return False
    return True
