"""Asks models on behalf of runs: within what is allowed, never twice for the same."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Generic, TypeVar

import structlog
from interlock import CircuitBreaker, CircuitOpenError

from grading.domain.usage import ModelUse, Usage
from grading.store.provider_answers import KeptAnswer, ProviderCall
from workers import metrics
from workers.providers.asked_model import Asked, AskedModel
from workers.providers.background_loop import BackgroundLoop
from workers.providers.breaker import make_breaker
from workers.providers.call_span import ANSWERED, STOPPED, provider_call
from workers.providers.faults import (
    BudgetSpent,
    CallTimedOut,
    CircuitOpen,
    ProviderFault,
    ReadTimedOut,
)
from workers.providers.ledger import CallLedger

_log = structlog.get_logger(__name__)
T = TypeVar("T")
A = TypeVar("A", bound=Asked)

#: How long, in seconds, a call that finds the minute's tokens used up sleeps at most at a time.
_LONGEST_SLEEP = 5.0


@dataclass(frozen=True, slots=True)
class Testimony(Generic[T]):
    """What a model said, read and found usable, and what made it."""

    content: T
    use: ModelUse


@dataclass(frozen=True, slots=True)
class Question(Generic[A, T]):
    """What is asked, which stage of grading it is for, and how its answer is read."""

    stage: str
    prompt: A
    #: Raises ProviderFault where the answer is not usable.
    read: Callable[[str], T]


class Caller(Generic[A]):
    """The calls of one process to one model. Safe to be used by many threads."""

    def __init__(
        self,
        loop: BackgroundLoop,
        slots: asyncio.Semaphore,
        model: AskedModel[A],
        budget: Decimal | None,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        self._loop = loop
        self._slots = slots
        self._model = model
        #: US dollars that all models together may cost in the time the ledgers tell of.
        self._budget = budget
        self._breaker = breaker or make_breaker(model.provider, model.model)
        #: What is being written down; an event loop by itself would forget it.
        self._writing: set[asyncio.Task[None]] = set()

    def start(self, question: Question[A, T], ledger: CallLedger) -> Future[Testimony[T]]:
        """Ask in the background; cancelling the future stops a call in flight.

        The future raises ProviderFault where no usable answer came.
        """
        return self._loop.start(self._ask(question, ledger))

    @property
    def name(self) -> str:
        """The model that is asked, and its provider."""
        return f"{self._model.model} {self._model.provider}"

    def prompt_hash(self, prompt: A) -> str:
        """Under what the answer to ``prompt`` is kept."""
        return self._model.prompt_hash(prompt)

    def close(self) -> None:
        """Close the connections."""
        self._loop.start(self._model.close()).result()

    async def _ask(self, question: Question[A, T], ledger: CallLedger) -> Testimony[T]:
        prompt_hash = self._model.prompt_hash(question.prompt)
        kept = await ledger.recall(question.stage, prompt_hash)
        if kept is not None:
            # What an earlier release kept, this one may not be able to use: it is asked anew.
            with suppress(ProviderFault):
                content = question.read(kept.content)
                metrics.PROVIDER_ANSWERS_RECALLED.labels(self._model.model, question.stage).inc()
                use = self._use(question, prompt_hash, kept)
                return Testimony(content, replace(use, recalled=True))
        await self._see_to_budget(ledger)
        wanted = self._model.tokens_for(question.prompt)
        await self._take_tokens(ledger, wanted)
        async with self._slots:
            call, content = await self._call(question, prompt_hash, ledger, wanted)
        assert call.answer is not None
        return Testimony(content, self._use(question, prompt_hash, call.answer))

    async def _see_to_budget(self, ledger: CallLedger) -> None:
        if self._budget is not None and await ledger.spent() >= self._budget:
            raise BudgetSpent("GRADING_BUDGET is spent for this month")

    async def _take_tokens(self, ledger: CallLedger, wanted: int) -> None:
        while wanted and (wait := await ledger.take_tokens(self._model.model, wanted)):
            await asyncio.sleep(min(wait, _LONGEST_SLEEP))

    async def _return_tokens(self, ledger: CallLedger, taken: int, used: int) -> None:
        # Where none were taken, none are counted.
        if taken:
            await ledger.return_tokens(self._model.model, taken - used)

    async def _call(
        self, question: Question[A, T], prompt_hash: str, ledger: CallLedger, taken: int
    ) -> tuple[ProviderCall, T]:
        started = time.monotonic()

        def made(
            outcome: str, usage: Usage | None, answer: KeptAnswer | None = None
        ) -> ProviderCall:
            return ProviderCall(
                stage=question.stage,
                prompt_hash=prompt_hash,
                provider=self._model.provider,
                model=self._model.model,
                outcome=outcome,
                duration=timedelta(seconds=time.monotonic() - started),
                usage=usage,
                cost=self._cost(usage),
                answer=answer,
            )

        try:
            with metrics.PROVIDER_CALLS_IN_FLIGHT.track_inprogress():
                answer, content = await self._breaker.call_async(self._answer, question)
        except CircuitOpenError as refused:
            await self._return_tokens(ledger, taken, 0)
            raise CircuitOpen("too many of the last calls failed", refused.retry_after) from None
        except ProviderFault as fault:
            await self._keep(made(fault.code, fault.usage), ledger, taken, fault)
            raise
        except asyncio.CancelledError:
            # What was stopped may have been paid for; it is told, but nobody waits for that.
            self._keep(made(STOPPED, None), ledger, taken, None)
            raise
        call = made(ANSWERED, answer.usage, answer)
        await self._keep(call, ledger, taken, None)
        return call, content

    async def _answer(self, question: Question[A, T]) -> tuple[KeptAnswer, T]:
        with provider_call(self._model, question.stage) as tell:
            content, model, usage = await self._model.ask(question.prompt)
            try:
                read = question.read(content)
            except ProviderFault as fault:
                fault.usage = usage
                raise
            tell(model, usage)
        return KeptAnswer(model, content, usage, self._cost(usage)), read

    def _keep(
        self, call: ProviderCall, ledger: CallLedger, taken: int, fault: ProviderFault | None
    ) -> Awaitable[None]:
        """Begin to write a call down. It is paid for: that goes on, whoever is stopped."""
        task = asyncio.create_task(self._write(call, ledger, taken, fault))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return asyncio.shield(task)

    async def _write(
        self, call: ProviderCall, ledger: CallLedger, taken: int, fault: ProviderFault | None
    ) -> None:
        self._count(call)
        await ledger.record(call)
        if call.usage is not None:
            await self._return_tokens(ledger, taken, call.usage.total)
        elif fault is not None and not isinstance(fault, ReadTimedOut | CallTimedOut):
            # Refused or never arrived: nothing was used. After a time-out nobody knows.
            await self._return_tokens(ledger, taken, 0)

    def _count(self, call: ProviderCall) -> None:
        here = (call.provider, call.model)
        metrics.PROVIDER_CALLS.labels(*here, call.stage, call.outcome).inc()
        metrics.PROVIDER_CALL_SECONDS.labels(*here).observe(call.duration.total_seconds())
        if call.usage is not None:
            fresh = call.usage.prompt - call.usage.cached
            metrics.PROVIDER_TOKENS.labels(*here, "prompt").inc(fresh)
            metrics.PROVIDER_TOKENS.labels(*here, "cached").inc(call.usage.cached)
            metrics.PROVIDER_TOKENS.labels(*here, "completion").inc(call.usage.completion)
            metrics.PROVIDER_AUDIO_SECONDS.labels(*here).inc(call.usage.audio_seconds)
        if call.cost is not None:
            metrics.PROVIDER_COST.labels(*here).inc(float(call.cost))

    def _cost(self, usage: Usage | None) -> Decimal | None:
        return None if usage is None else self._model.cost(usage)

    def _use(self, question: Question[A, T], prompt_hash: str, answer: KeptAnswer) -> ModelUse:
        return ModelUse(
            stage=question.stage,
            model=answer.model,
            prompt_version=question.prompt.version,
            prompt_hash=prompt_hash,
            usage=answer.usage,
            cost=answer.cost,
        )
