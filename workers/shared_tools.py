"""What the graders of one process share, whichever skill they grade."""

import os

from grading.settings import Settings
from workers.measuring_pool import MeasuringPool
from workers.once import Once
from workers.providers.background_loop import BackgroundLoop


class SharedTools:
    """Tools that are made when they are first needed. To be made after the fork of a process."""

    def __init__(self, settings: Settings, *, waits: bool = False) -> None:
        """``waits`` tells that the process has many jobs at a time, which wait for a network.

        What takes the processor then has processes of its own, unless the settings want none.
        """
        processes = settings.grading_measuring_processes
        if processes is None:
            processes = os.cpu_count() or 1
        self._loop = Once(BackgroundLoop)
        #: Where answers are measured; None where this process does it.
        self.measuring = MeasuringPool(processes) if waits and processes else None

    @property
    def loop(self) -> BackgroundLoop:
        """The event loop on which providers are waited for."""
        return self._loop.get()

    def close(self) -> None:
        """End the measuring processes, whatever they are at."""
        if self.measuring is not None:
            self.measuring.close()
