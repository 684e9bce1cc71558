"""The processes that measure answers for a worker: lost, waited for in vain, and orphaned."""

import multiprocessing
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grading.domain.audio import AudioProblem
from grading.exceptions import AudioRefused, LeaseLost, TransientFault
from tests.stack.measuring_process import MEASURED
from tests.stack.process import Process, session_members
from tests.stack.submissions import essay, new_job
from tests.stack.waiting import until
from workers.measuring_pool import MeasuringPool
from workers.writing.measurer import MeasuringElsewhere

WORK = essay("I live in a small house near the river.")


@pytest.fixture
def pool() -> Iterator[MeasuringPool]:
    made = MeasuringPool(1)
    yield made
    for child in multiprocessing.active_children():
        child.kill()
    made.close()


def test_a_lost_process_is_a_passing_fault_and_is_replaced(pool: MeasuringPool) -> None:
    waits = [threading.Event(), threading.Event()]
    with ThreadPoolExecutor(2) as threads:
        measure = MeasuringElsewhere(pool).measure
        lost = [threads.submit(measure, WORK, lambda *_, w=wait: w.set()) for wait in waits]
        assert all(wait.wait(10) for wait in waits)
        [child] = multiprocessing.active_children()
        child.kill()
        for measuring in lost:
            with pytest.raises(TransientFault, match="a measuring process was lost"):
                measuring.result(10)
    kinds = {item.kind for item in measure(WORK, lambda *_: None)}
    assert {"word_count", "broken_phrases"} <= kinds


def test_whoever_waits_for_a_process_may_be_told_to_stop(pool: MeasuringPool) -> None:
    job = new_job()

    def lost(share: float, message: str) -> None:
        raise LeaseLost(job.id, 1)

    # The process is still loading its models.
    with pytest.raises(LeaseLost):
        MeasuringElsewhere(pool).measure(WORK, lost)


def test_a_pool_that_is_closed_waits_for_nothing(pool: MeasuringPool) -> None:
    begun = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        napping = threads.submit(pool.call, time.sleep, 60.0, waiting=begun.set)
        assert begun.wait(10)
        until(multiprocessing.active_children)
        closed_at = time.monotonic()
        pool.close()
        assert time.monotonic() - closed_at < 5
        with pytest.raises(TransientFault):
            napping.result(10)
    assert multiprocessing.active_children() == []


def test_what_a_process_raises_is_raised_here(pool: MeasuringPool) -> None:
    with pytest.raises(AudioRefused) as refused:
        pool.call(_refuse, waiting=lambda: None)
    assert refused.value == AudioRefused(AudioProblem.EMPTY, "There is nothing.")


def _refuse() -> None:
    raise AudioRefused(AudioProblem.EMPTY, "There is nothing.")


def test_processes_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = Process("measuring", ["-m", "tests.stack.measuring_process"], {}, tmp_path)
    try:
        until(lambda: MEASURED in parent.output(), 60)
        # Beside the two, one of multiprocessing's own.
        assert len(session_members(parent.pid)) == 3
        parent.signal(signal.SIGKILL)
        parent.wait(5)
        until(lambda: not session_members(parent.pid), 10)
    finally:
        parent.kill()
