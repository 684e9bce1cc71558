"""Where calls to providers are kept, and what they may use up."""

from decimal import Decimal
from typing import Protocol

from grading.store.provider_answers import KeptAnswer, ProviderCall


class CallLedger(Protocol):
    """The calls of one answer to be graded. Its methods wait, and are called from asyncio."""

    async def recall(self, stage: str, prompt_hash: str) -> KeptAnswer | None:
        """What was answered when the same was asked before."""

    async def record(self, call: ProviderCall) -> None:
        """Keep a call; returns once that is durable."""

    async def spent(self) -> Decimal:
        """What models have cost in the time that the budget is for, in US dollars."""

    async def take_tokens(self, model: str, tokens: int) -> float:
        """Take ``tokens`` from what a minute allows; 0, or the seconds until they may be had."""

    async def return_tokens(self, model: str, tokens: int) -> None:
        """Give back what was taken and not used; less than nothing takes more."""
