"""The tokens that a minute allows, for one process."""

import time
from collections.abc import Callable


class TokenBucket:
    """A leaky bucket, as ``grading/store/allowances.py`` has one for all workers together.

    It holds what a minute allows and drains all the time; a call pours in what it may use.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._level = 0.0
        self._at = clock()

    def take(self, tokens: int) -> float:
        """Pour in ``tokens``; 0, or the seconds until they find room."""
        now = self._clock()
        self._level = max(0.0, self._level - self._per_minute * (now - self._at) / 60)
        self._at = now
        # What is larger than the bucket is let in when it is empty.
        over = self._level - max(0, self._per_minute - tokens)
        if over > 0:
            return max(0.01, 60 * over / self._per_minute)
        self._level += tokens
        return 0.0

    def give_back(self, tokens: int) -> None:
        """Take out what was not used."""
        self._level = max(0.0, self._level - tokens)
