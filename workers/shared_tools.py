"""What the graders of one process share, whichever skill they grade."""

import asyncio
import os
from collections.abc import Sequence

from grading.settings import Settings
from workers.measuring_pool import MeasuringPool
from workers.once import Once
from workers.providers.background_loop import BackgroundLoop
from workers.providers.caller import Caller
from workers.providers.chat import ChatModel, ChatPrompt


class SharedTools:
    """Tools that are made when they are first needed. To be made after the fork of a process."""

    def __init__(self, settings: Settings, *, waits: bool = False) -> None:
        """``waits`` tells that the process has many jobs at a time, which wait for a network.

        What takes the processor then has processes of its own, unless the settings want none.
        """
        processes = settings.grading_measuring_processes
        if processes is None:
            processes = os.cpu_count() or 1
        self._settings = settings
        self._loop = Once(BackgroundLoop)
        self._callers = Once(self._make_callers)
        #: Where answers are measured; None where this process does it.
        self.measuring = MeasuringPool(processes) if waits and processes else None
        #: Where phones are aligned, for a process that listens to recordings itself.
        self.aligning = MeasuringPool(1)

    @property
    def loop(self) -> BackgroundLoop:
        """The event loop on which providers are waited for."""
        return self._loop.get()

    @property
    def callers(self) -> Sequence[Caller[ChatPrompt]]:
        """Who asks the language models, in their order: with slots and breakers in common."""
        return self._callers.get()

    def close(self) -> None:
        """End the measuring processes, whatever they are at."""
        self.aligning.close()
        if self.measuring is not None:
            self.measuring.close()

    def _make_callers(self) -> Sequence[Caller[ChatPrompt]]:
        settings = self._settings
        slots = asyncio.Semaphore(settings.openai_max_in_flight)
        return [
            Caller(self.loop, slots, ChatModel(settings, model), settings.grading_budget)
            for model in settings.models
        ]
