"""How long to wait before a call is made again."""

import random
from dataclasses import dataclass


@dataclass
class Backoff:
    """Delays that double up to a limit, spread by chance so that callers don't return as one."""

    #: The first delay, in seconds.
    first: float = 0.1
    #: The longest delay of its own choice, in seconds.
    longest: float = 2.0
    failures: int = 0

    def next(self, retry_after: float | None) -> float:
        """The next delay: not less than ``retry_after``, the service's own wish."""
        # The exponent is bounded because a float is.
        ceiling = min(self.longest, self.first * 2.0 ** min(self.failures, 32))
        self.failures += 1
        if retry_after is None:
            return random.uniform(ceiling / 2, ceiling)
        return retry_after + random.uniform(0, ceiling)

    def reset(self) -> None:
        """Begin with the first delay again: something succeeded."""
        self.failures = 0
