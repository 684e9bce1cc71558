"""A ledger of calls in memory: for callers without a job."""

import asyncio
import threading
from decimal import Decimal

from grading.store.provider_answers import KeptAnswer, ProviderCall


class MemoryLedger:
    """Remembers every call, and recalls none; a CallLedger."""

    def __init__(self) -> None:
        self.calls: list[ProviderCall] = []
        #: Set once a call is being recorded, which ends when the other is set.
        self.recording, self.open = threading.Event(), threading.Event()
        self.open.set()

    @property
    def outcomes(self) -> list[str]:
        """How the calls came out, in their order."""
        return [call.outcome for call in self.calls]

    async def recall(self, stage: str, prompt_hash: str) -> KeptAnswer | None:
        """Nothing was asked before."""

    async def record(self, call: ProviderCall) -> None:
        """Keep a call."""
        self.recording.set()
        await asyncio.to_thread(self.open.wait)
        self.calls.append(call)

    async def spent(self) -> Decimal:
        """What the calls cost."""
        return sum((call.cost for call in self.calls if call.cost), Decimal(0))

    async def take_tokens(self, model: str, tokens: int) -> float:
        """As many as are wanted."""
        del model, tokens
        return 0.0

    async def return_tokens(self, model: str, tokens: int) -> None:
        """They aren't counted."""
