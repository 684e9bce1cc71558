"""When a waiting job is delayed: it is still in time, but may not be for long."""

from dataclasses import dataclass
from datetime import timedelta

#: The share of the time allowed that a job may be expected to wait.
PATIENCE = 0.8


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the workers take jobs of a skill."""

    #: How many jobs they grade at a time.
    slots: int
    #: How long a job takes one of them, by the last ones that were graded.
    mean: timedelta


@dataclass(frozen=True, slots=True)
class DelayPolicy:
    """When a job of a skill counts as delayed."""

    #: From acceptance to the deadline.
    time_allowed: timedelta
    #: As many jobs may wait before those behind them are delayed, whatever the pace.
    depth: int

    @property
    def longest_wait(self) -> timedelta:
        """A job that waits, or is expected to wait, for longer is delayed."""
        return self.time_allowed * PATIENCE

    def places_in_time(self, pace: Pace | None) -> int:
        """How many waiting jobs are expected to be taken within the longest wait.

        The n-th of them waits for n - 1 others, which the slots take in turns:
        (n - 1) x mean / slots. Without a pace, only the depth tells.
        """
        if pace is None or not pace.slots or not pace.mean:
            return self.depth
        return min(self.depth, 1 + int(self.longest_wait * pace.slots / pace.mean))
