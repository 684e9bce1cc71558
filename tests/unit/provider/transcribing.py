"""A caller of the product that has a scripted provider transcribe."""

import asyncio
from collections.abc import Callable
from typing import Any

from pydantic import SecretStr

from grading.transcription_settings import TranscriptionSettings
from tests.stack.memory_ledger import MemoryLedger
from workers.providers.background_loop import BackgroundLoop
from workers.providers.caller import Caller, Question, Testimony
from workers.providers.transcription import Speech, TranscriptionModel

SPEECH = Speech("transcription-1.0", "ab" * 32, b"fLaC\x00\r\n--not a boundary\r\n\xff", 61.5)


class Asking:
    """Has one recording transcribed by a provider."""

    def __init__(self, url: str, **settings: Any) -> None:
        given = {"stt_api_key": SecretStr("key"), "stt_base_url": url, **settings}
        self.ledger = MemoryLedger()
        self._loop = BackgroundLoop()
        model = TranscriptionModel(TranscriptionSettings(**given))
        self._caller = Caller(self._loop, asyncio.Semaphore(4), model, None)

    def ask(self, read: Callable[[str], str] = str) -> Testimony[str]:
        """Ask; raises the fault where no usable answer comes."""
        question = Question("transcription", SPEECH, read)
        return self._caller.start(question, self.ledger).result(10)

    def close(self) -> None:
        """End the connections and the loop."""
        self._caller.close()
        self._loop.close()
