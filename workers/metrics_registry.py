"""What a worker tells Prometheus: the counts of all its processes as one."""

import os
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from grading.exposition import BuildInfo, Exposition
from grading.settings import Settings
from workers.metrics_files import VARIABLE
from workers.process_memory import ProcessMemory


class WorkerProcesses(Collector):
    """The counts of the worker's processes; what only the living ones have goes with them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = MultiProcessCollector(None, str(folder))

    def collect(self) -> Iterable[Metric]:
        """Give what all processes counted, and the gauges of those that live."""
        for file in self._folder.glob("gauge_live*_*.db"):
            process = int(file.stem.rpartition("_")[2])
            if not _lives(process):
                mark_process_dead(process, str(self._folder))
        counted: Iterable[Metric] = self._files.collect()
        return counted


def make_exposition(settings: Settings) -> Exposition:
    """What tells Prometheus of the worker: of all its processes, from the parent.

    Raises:
        SettingsError: the port can't be listened on.
    """
    return Exposition(
        _make_registry(),
        settings.grading_metrics_host,
        settings.worker_metrics_port,
        "WORKER_METRICS_PORT",
    )


def _make_registry() -> CollectorRegistry:
    # Memory and processor time are the parent's own.
    registry = CollectorRegistry()
    registry.register(WorkerProcesses(Path(os.environ[VARIABLE])))
    registry.register(BuildInfo("worker"))
    registry.register(ProcessMemory())
    for own in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
        registry.register(own)
    return registry


def _lives(process: int) -> bool:
    """Whether a process of this worker has this id; another worker's may have it by now."""
    try:
        return os.getsid(process) == os.getsid(0)
    except (PermissionError, ProcessLookupError):
        return False
