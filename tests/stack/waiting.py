"""Waiting for something that happens by itself."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(look: Callable[[], T], seconds: float = 20.0, every: float = 0.05) -> T:
    """Look again and again until there is something to see, and give it.

    Raises:
        AssertionError: there was nothing for ``seconds``.
    """
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < deadline, f"nothing within {seconds} s; seen last: {seen!r}"
        time.sleep(every)
