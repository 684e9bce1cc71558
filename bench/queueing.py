"""Jobs that wait in one line for so many slots: a simulation, exact to its chances."""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Workload:
    """What is to be graded."""

    #: How many jobs come.
    jobs: int
    #: Over how many seconds. Most come towards the end, as learners hand in.
    window: float
    #: What grading takes, in seconds: its mean, and its standard deviation as a share of that.
    mean: float
    spread: float = 0.5
    #: How many of a hundred runs meet a passing fault, and are made again after a wait.
    faults: float = 0.0
    #: That wait, in seconds.
    retry_wait: float = 4.0


def arrivals(load: Workload, chance: Random) -> list[float]:
    """When jobs come, in seconds, in order: a triangle whose peak is the end of the window."""
    return sorted(chance.triangular(0, load.window, load.window) for _ in range(load.jobs))


def durations(load: Workload, chance: Random) -> list[float]:
    """What each run takes, in seconds: log-normal, as times of work with a long tail are."""
    variance = math.log(1 + load.spread**2)
    middle = math.log(load.mean) - variance / 2
    return [chance.lognormvariate(middle, math.sqrt(variance)) for _ in range(load.jobs)]


def completed_after(
    coming: Sequence[float], taking: Sequence[float], slots: int, again: Sequence[float] = ()
) -> list[float]:
    """How long after it came each job is graded, in seconds, where ``slots`` grade at a time.

    The job that came first is taken first. ``again`` says how long each job waits before a
    second run, and nothing, or 0, that one is enough.
    """
    ends = [0.0] * len(coming)
    waiting = [(at, place, 1) for place, at in enumerate(coming)]
    heapq.heapify(waiting)
    free = [0.0] * slots
    while waiting:
        ready, place, run = heapq.heappop(waiting)
        end = max(ready, heapq.heappop(free)) + taking[place]
        heapq.heappush(free, end)
        if run == 1 and again and again[place]:
            heapq.heappush(waiting, (end + again[place], place, 2))
        ends[place] = end
    return [end - at for end, at in zip(ends, coming, strict=True)]


@dataclass(frozen=True)
class Outcome:
    """How a workload comes out with so many slots."""

    slots: int
    #: Seconds from a job's acceptance to its result, in rising order.
    times: Sequence[float]

    def within(self, seconds: float) -> float:
        """The share of jobs that are graded within ``seconds``."""
        return sum(time <= seconds for time in self.times) / len(self.times)

    def percentile(self, share: float) -> float:
        """What ``share`` of the times stay under, in seconds."""
        return self.times[min(int(share * len(self.times)), len(self.times) - 1)]


def simulate(load: Workload, slots: int, seed: int = 1) -> Outcome:
    """Let a workload come once."""
    chance = Random(seed)
    coming, taking = arrivals(load, chance), durations(load, chance)
    again = [
        load.retry_wait if 100 * chance.random() < load.faults else 0.0 for _ in range(load.jobs)
    ]
    return Outcome(slots, sorted(completed_after(coming, taking, slots, again)))


def slots_needed(load: Workload, seconds: float, share: float) -> int:
    """The fewest slots with which ``share`` of the jobs are graded within ``seconds``.

    Raises:
        ValueError: no number of slots does it, since grading alone takes too long.
    """
    if simulate(load, load.jobs).within(seconds) < share:
        raise ValueError("grading alone takes longer than that")
    low, high = 1, load.jobs
    while low < high:
        middle = (low + high) // 2
        if simulate(load, middle).within(seconds) >= share:
            high = middle
        else:
            low = middle + 1
    return low
