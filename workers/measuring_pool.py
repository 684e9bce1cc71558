"""Processes that measure answers for a process that waits for a network.

Measuring takes a core for a while, and Python gives a process but one: beside it, calls in
flight and the renewal of leases would stutter. The processes are started when the first
answer is to be measured, so that nothing is loaded that nobody needs.
"""

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from grading.exceptions import TransientFault

T = TypeVar("T")
Item = TypeVar("Item")

#: Added to their niceness: what waits for a moment of the processor goes first.
_NICE = 5
#: How often someone who waits for a process asks whether to go on, in seconds.
_LOOK_SECONDS = 0.25


class MeasuringPool:
    """Calls functions in ``processes`` processes of its own. Safe to be used by many threads.

    What a function needs, it loads by itself, once a process.
    """

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._lock = threading.Lock()
        self._executor: ProcessPoolExecutor | None = None
        self._lifeline: Connection | None = None

    def call(self, function: Callable[..., T], *arguments: Any, waiting: Callable[[], object]) -> T:
        """What ``function``, which stands in a module, gives for ``arguments``.

        ``waiting`` is called again and again meanwhile, so that it can raise.

        Raises:
            TransientFault: a process was lost; the next call has new ones.
        """
        executor = self._get()
        try:
            called = executor.submit(function, *arguments)
            try:
                while called not in wait([called], _LOOK_SECONDS).done:
                    waiting()
                return called.result()
            finally:
                called.cancel()
        except BrokenProcessPool:
            self._drop(executor)
            raise TransientFault("a measuring process was lost") from None

    def call_for_each(self, function: Callable[[Item], T], items: Iterable[Item]) -> Iterator[T]:
        """What ``function`` gives for each of ``items``, in their order.

        Raises:
            concurrent.futures.process.BrokenProcessPool: a process was lost.
        """
        executor = self._get()
        for called in [executor.submit(function, item) for item in items]:
            yield called.result()

    def close(self) -> None:
        """End the processes at once, whatever they are at."""
        with self._lock:
            executor, self._executor = self._executor, None
            lifeline, self._lifeline = self._lifeline, None
        if lifeline is not None:
            lifeline.close()
        if executor is not None:
            executor.shutdown(cancel_futures=True)

    def _get(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._executor is None:
                # Not forked: the calling process runs threads.
                context = multiprocessing.get_context("spawn")
                reader, self._lifeline = context.Pipe(duplex=False)
                self._executor = ProcessPoolExecutor(
                    self._processes, context, initializer=_begin, initargs=(reader,)
                )
            return self._executor

    def _drop(self, executor: ProcessPoolExecutor) -> None:
        with self._lock:
            if self._executor is executor:
                self._executor = None
        executor.shutdown(wait=False)


def _begin(lifeline: Connection) -> None:
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    os.nice(_NICE)
    # harper writes to stdout at times, which is for the caller's results.
    os.dup2(sys.stderr.fileno(), 1)


def _end_with(lifeline: Connection) -> None:
    """End once the other end is closed: by the pool, or by the system when its process is killed.

    Nobody else ends the children of a process that is killed, and each of them holds models.
    """
    try:
        lifeline.recv_bytes()
    except EOFError:
        os._exit(1)
