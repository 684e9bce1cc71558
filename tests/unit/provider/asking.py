"""A caller of the product on a scripted provider, with a clock that stands still."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from pydantic import SecretStr

from grading.provider_settings import ProviderSettings
from tests.stack.memory_ledger import MemoryLedger
from workers.providers.background_loop import BackgroundLoop
from workers.providers.breaker import make_breaker
from workers.providers.caller import Caller, Question, Testimony
from workers.providers.chat import ChatModel, ChatPrompt
from workers.providers.faults import ProviderFault

_PROMPT = ChatPrompt("prompt-1", "Fixed.", "Variable.", "form", {"type": "object"})


class Clock:
    """The monotonic clock of a breaker, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        """The time."""
        return self.seconds


class Asking:
    """Asks one model, and tells how that came out."""

    def __init__(self, url: str, model: str = "model-one", **settings: Any) -> None:
        self.clock = Clock()
        self.ledger = MemoryLedger()
        self._loop = BackgroundLoop()
        given = ProviderSettings(
            openai_api_key=SecretStr("key"), openai_base_url=url, openai_model=model, **settings
        )
        self.caller = Caller(
            self._loop,
            asyncio.Semaphore(given.openai_max_in_flight),
            ChatModel(given, model),
            given.grading_budget,
            make_breaker("127.0.0.1", model, self.clock),
        )

    def start(self) -> Future[Testimony[str]]:
        """Ask in the background."""
        return self.caller.start(Question("evidence", _PROMPT, str), self.ledger)

    def ask(self) -> str | ProviderFault:
        """Ask; gives the answer, or the fault."""
        return comes_to(self.start())

    def close(self) -> None:
        """End the connections and the loop."""
        self.caller.close()
        self._loop.close()


def comes_to(call: Future[Testimony[str]]) -> str | ProviderFault:
    """What a call comes to: the answer, or the fault."""
    try:
        return call.result(10).content
    except ProviderFault as fault:
        return fault


@contextmanager
def asking(url: str, model: str = "model-one", **settings: Any) -> Iterator[Asking]:
    """A caller, which ends with the block."""
    made = Asking(url, model, **settings)
    try:
        yield made
    finally:
        made.close()
