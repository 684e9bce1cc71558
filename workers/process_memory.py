"""How many processes a worker has, and what memory they take."""

import os
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

#: Of /proc/PID/stat, counted behind the name of the command: see proc(5).
_SESSION, _RESIDENT_PAGES = 3, 21


class ProcessMemory(Collector):
    """Tells of the processes of this one's session; of nothing where there is no /proc."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = proc
        self._page = os.sysconf("SC_PAGESIZE")

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give how many there are, and the sum of their resident memory."""
        pages = list(self._resident_pages())
        if pages:
            yield GaugeMetricFamily(
                "vstep_worker_processes",
                "The worker's processes: its parent, its children, those that measure.",
                len(pages),
            )
            yield GaugeMetricFamily(
                "vstep_worker_resident_memory_bytes",
                "Resident memory of all of them; what they share counts for each.",
                sum(pages) * self._page,
            )

    def _resident_pages(self) -> Iterator[int]:
        session = str(os.getsid(0))
        for file in self._proc.glob("[0-9]*/stat"):
            try:
                # The command's name stands in brackets and may hold anything.
                fields = file.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # It has ended.
            if fields[_SESSION] == session:
                yield int(fields[_RESIDENT_PAGES])
