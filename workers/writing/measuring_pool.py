"""Processes that measure answers for a process that waits for a network.

Measuring takes a core for a while, and Python gives a process but one: beside it, calls in
flight and the renewal of leases would stutter. The processes are started when the first
answer is to be measured, so that nothing is loaded that nobody needs.
"""

import multiprocessing
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

from grading.domain.work import WritingWork
from grading.exceptions import TransientFault
from grading.rubric.observation import Observation
from workers.writing.measure import Step, measure
from workers.writing.models import Models, load_models

#: Added to their niceness: what waits for a moment of the processor goes first.
_NICE = 5
#: How often someone who waits for a process asks whether to go on, in seconds.
_LOOK_SECONDS = 0.25

_models: Models | None = None


class MeasuringPool:
    """Measures in ``processes`` processes of its own. Safe to be used by many threads."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._lock = threading.Lock()
        self._executor: ProcessPoolExecutor | None = None

    def measure(self, work: WritingWork, step: Step) -> tuple[Observation, ...]:
        """Observe ``work``.

        ``step`` is called again and again while others are measured first, so that it can raise.

        Raises:
            TransientFault: a process was lost; the next call has new ones.
        """
        executor = self._get()
        try:
            measuring = executor.submit(_measure, work)
            try:
                while measuring not in wait([measuring], _LOOK_SECONDS).done:
                    step(0.0, "Measuring the answer")
                return measuring.result()
            finally:
                measuring.cancel()
        except BrokenProcessPool:
            self._drop(executor)
            raise TransientFault("a measuring process was lost") from None

    def measure_all(self, works: Sequence[WritingWork]) -> Iterator[tuple[Observation, ...]]:
        """Observe all of ``works``, in their order.

        Raises:
            concurrent.futures.process.BrokenProcessPool: a process was lost.
        """
        executor = self._get()
        futures: list[Future[tuple[Observation, ...]]] = [
            executor.submit(_measure, work) for work in works
        ]
        for future in futures:
            yield future.result()

    def close(self) -> None:
        """End the processes."""
        with self._lock:
            executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(cancel_futures=True)

    def _get(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._executor is None:
                # Not forked: the calling process runs threads.
                self._executor = ProcessPoolExecutor(
                    self._processes, multiprocessing.get_context("spawn"), initializer=_load
                )
            return self._executor

    def _drop(self, executor: ProcessPoolExecutor) -> None:
        with self._lock:
            if self._executor is executor:
                self._executor = None
        executor.shutdown(wait=False)


def _load() -> None:
    global _models
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(_NICE)
    # harper writes to stdout at times, which is for the caller's results.
    os.dup2(sys.stderr.fileno(), 1)
    _models = load_models()


def _end_with_parent() -> None:
    """Nobody ends the children of a process that is killed, and each of them holds models."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _measure(work: WritingWork) -> tuple[Observation, ...]:
    assert _models is not None
    # Details may be a view of a mapping, which can't be sent to another process.
    return tuple(
        replace(item, details=dict(item.details)) for item in measure(work, _models, _ignore)
    )


def _ignore(share: float, message: str) -> None:
    del share, message
