"""The simulation of a queue, against what is known of queues."""

import math
from random import Random

import pytest

from bench.queueing import Workload, completed_after, simulate, slots_needed


def test_one_slot_grades_one_after_the_other() -> None:
    assert completed_after([0, 1, 2], [10, 10, 10], 1) == [10, 19, 28]
    assert completed_after([0, 1, 2], [10, 10, 10], 3) == [10, 10, 10]


def test_a_second_run_waits_in_line_again() -> None:
    # The first job comes again at 15, after the second one, which came at 12.
    assert completed_after([0, 12], [10, 10], 1, [5, 0]) == [32, 10]


def test_it_agrees_with_erlang() -> None:
    """Arrivals by chance, times of work by chance, c slots: the mean wait is known."""
    chance, jobs, rate, mean, slots = Random(1), 200_000, 0.9, 8.0, 9
    moment, coming = 0.0, []
    for _ in range(jobs):
        moment += chance.expovariate(rate)
        coming.append(moment)
    taking = [chance.expovariate(1 / mean) for _ in range(jobs)]
    waits = [
        done - took
        for done, took in zip(completed_after(coming, taking, slots), taking, strict=True)
    ]
    offered = rate * mean
    tail = offered**slots / math.factorial(slots) / (1 - offered / slots)
    wait_at_all = tail / (sum(offered**k / math.factorial(k) for k in range(slots)) + tail)
    expected = wait_at_all * mean / (slots - offered)
    assert sum(waits) / jobs == pytest.approx(expected, rel=0.05)


def test_slots_needed_are_enough_and_none_is_to_spare() -> None:
    load = Workload(jobs=400, window=300, mean=20, faults=5)
    slots = slots_needed(load, 600, 0.99)
    assert simulate(load, slots).within(600) >= 0.99
    assert simulate(load, slots - 1).within(600) < 0.99
    assert len(simulate(load, slots).times) == 400


def test_an_sla_shorter_than_grading_is_met_by_no_number_of_slots() -> None:
    with pytest.raises(ValueError, match="alone"):
        slots_needed(Workload(jobs=50, window=60, mean=100), 10, 0.9)
