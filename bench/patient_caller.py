"""One question at a time to a model, with retries and within what may be spent."""

import asyncio
import itertools
import random
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

from bench.answer_ledger import AnswerLedger
from bench.purse import Purse
from grading.domain.retry import RetryPolicy
from grading.domain.usage import Price, Usage
from grading.provider_settings import ProviderSettings
from grading.store.provider_answers import ProviderCall
from workers.providers.call_span import STOPPED
from workers.providers.caller import Caller, Question, Testimony
from workers.providers.chat import ChatPrompt, most_tokens
from workers.providers.faults import (
    CallTimedOut,
    ConnectionFailed,
    ProviderFault,
    ReadTimedOut,
)

T = TypeVar("T")

#: As a job is retried by default (section 2 of the rules on a job's life).
RETRIES = RetryPolicy(max_retries=3, backoff_cap=timedelta(seconds=300))
#: What may have been answered, and is charged in full, though nobody here saw it.
_MAYBE_PAID = frozenset({ReadTimedOut.code, CallTimedOut.code, ConnectionFailed.code, STOPPED})


class PatientCaller:
    """Asks on behalf of a benchmark what a job would ask in its runs."""

    def __init__(
        self,
        caller: Caller[ChatPrompt],
        settings: ProviderSettings,
        purse: Purse,
        retries: RetryPolicy,
    ) -> None:
        self._caller = caller
        self._purse = purse
        self._retries = retries
        self._max_tokens = settings.openai_max_tokens
        self._price: Price | None = settings.price_table.get(settings.openai_model)
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Wait no more: what comes from now on is nobody's to try again."""
        self._ended.set()

    async def ask(self, question: Question[ChatPrompt, T], ledger: AnswerLedger) -> Testimony[T]:
        """What the model says.

        Raises:
            CapReached: the next call might cost too much.
            ProviderFault: no usable answer came, after all retries.
        """
        for retries in itertools.count():
            try:
                return await self._try(question, ledger)
            except ProviderFault as fault:
                if not fault.retryable or not self._retries.allows(retries):
                    raise
                chance, asked = random.random(), fault.retry_after
                if await self._is_ended_within(
                    self._retries.wait_asked(retries + 1, chance, asked)
                ):
                    raise
        raise AssertionError

    async def _try(self, question: Question[ChatPrompt, T], ledger: AnswerLedger) -> Testimony[T]:
        aside = self._at_most(question)
        await self._purse.set_aside(aside)
        made_before = len(ledger.calls)
        cost: Decimal | None = aside
        try:
            testimony = await asyncio.wrap_future(self._caller.start(question, ledger))
            cost = _cost(ledger.calls[made_before:], aside)
            return testimony
        except ProviderFault:
            cost = _cost(ledger.calls[made_before:], aside)
            raise
        finally:
            await self._purse.settle(aside, cost)

    def _at_most(self, question: Question[ChatPrompt, T]) -> Decimal:
        if self._price is None:
            return Decimal(0)
        usage = Usage(most_tokens(question.prompt), self._max_tokens)
        return self._price.cost(usage)

    async def _is_ended_within(self, wait: timedelta) -> bool:
        try:
            async with asyncio.timeout(wait.total_seconds()):
                return await self._ended.wait()
        except TimeoutError:
            return self._ended.is_set()


def _cost(calls: list[ProviderCall], aside: Decimal) -> Decimal | None:
    """What was paid for ``calls``; None where none was made."""
    if not calls:
        return None
    return sum((_paid(call, aside) for call in calls), Decimal(0))


def _paid(call: ProviderCall, aside: Decimal) -> Decimal:
    if call.cost is not None:
        return call.cost
    return aside if call.usage is None and call.outcome in _MAYBE_PAID else Decimal(0)
