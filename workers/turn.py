"""Turns at the processor, for the threads of one process.

Python runs one of them at a time anyway. When dozens wake together, as they do when answers of
a provider arrive together, each of them and whoever renews the leases waits for all others
again and again. Taken in turns, the same work is done as soon, and at most one thread stands
between a lease and its renewal.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Held while a thread computes, and never while it waits for a network or a database.
TURN = threading.Lock()

#: How often someone who waits for a turn asks whether to go on, in seconds.
_LOOK_SECONDS = 0.25


@contextmanager
def turn_of(lock: threading.Lock, waiting: Callable[[], object]) -> Iterator[None]:
    """Hold ``lock``. Until it can be had ``waiting`` is called again and again, and may raise."""
    while not lock.acquire(timeout=_LOOK_SECONDS):
        waiting()
    try:
        yield
    finally:
        lock.release()
