"""Calls in flight whose run is over: the job was taken away, or the worker shuts down."""

import multiprocessing
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any
from uuid import UUID

import pytest

from grading.domain.work import WritingWork
from grading.rubric.observation import Observation
from grading.store.erasure import erase_job
from grading.store.jobs import cancel_job
from tests.integration.providers.desk import Desk
from tests.stack.light_measurer import LightMeasurer
from tests.stack.waiting import until
from workers.measuring_pool import MeasuringPool
from workers.writing.measure import Step
from workers.writing.measurer import MeasuringElsewhere

#: How soon the provider must see that nobody waits any more, in seconds.
SOON = 2.0

_WRITTEN = ("jobs", "runs", "events", "results", "provider_answers")

Take = Callable[[Desk, UUID], None]


def _cancel(desk: Desk, job_id: UUID) -> None:
    cancel_job(desk.conn, job_id)


def _erase(desk: Desk, job_id: UUID) -> None:
    erase_job(desk.conn, job_id)


def _lapse(desk: Desk, job_id: UUID) -> None:
    desk.lapse(job_id)


def _written(desk: Desk) -> list[list[dict[str, Any]]]:
    return [desk.database.rows(f"SELECT * FROM {table}") for table in _WRITTEN]  # noqa: S608


@pytest.mark.parametrize("take", [_cancel, _erase, _lapse])
def test_a_job_that_is_taken_away_stops_its_calls(desk: Desk, take: Take) -> None:
    job_id = desk.submit()
    worker = desk.worker(openai_second_model="another")
    chat = desk.provider.chat
    with desk.running(worker, job_id), chat.hold() as gate:
        gate.await_held(2)
        taken_at = time.monotonic()
        take(desk, job_id)
        written = _written(desk)
        for call in chat.calls:
            assert chat.await_ended(call).hung_up
            assert call.ended_at is not None
            assert call.ended_at - taken_at < SOON
    assert _written(desk) == written
    assert _written(desk)[-2:] == [[], []]
    if take is not _erase:
        # What was asked for is known, as it may have to be paid for.
        until(lambda: desk.outcomes(job_id) == ["stopped", "stopped"])


def test_an_answer_that_comes_while_a_worker_shuts_down_is_kept(desk: Desk) -> None:
    job_id = desk.submit()
    worker = desk.worker()
    with desk.running(worker, job_id) as [run], desk.provider.chat.hold() as gate:
        gate.await_held(1)
        worker.stopping.set()
        # Longer than a run takes to hear of it.
        with pytest.raises(TimeoutError):
            run.result(0.6)
        gate.open()
    job = desk.job(job_id)
    assert (job["state"], job["retries"], job["wait"]) == ("retrying", 0, 0)
    assert desk.outcomes(job_id) == ["answered"]

    desk.let_pass()
    desk.run_to_end(desk.worker(), job_id)
    assert (desk.job(job_id)["state"], desk.job(job_id)["run"]) == ("completed", 2)
    [use] = desk.result(job_id).provenance.models
    assert use.recalled
    assert len(desk.provider.chat.calls) == 1


def test_a_call_that_outlasts_the_shutdown_is_stopped(desk: Desk) -> None:
    job_id = desk.submit()
    worker = desk.worker(grading_drain_seconds=0.5)
    with desk.running(worker, job_id) as [run], desk.provider.chat.hold() as gate:
        gate.await_held(1)
        asked_at = time.monotonic()
        worker.stopping.set()
        run.result(5)
        assert 0.5 <= time.monotonic() - asked_at < 0.5 + SOON
        assert desk.provider.chat.await_ended(desk.provider.chat.calls[0]).hung_up
    job = desk.job(job_id)
    assert (job["state"], job["retries"], job["wait"]) == ("retrying", 0, 0)
    [ended] = desk.database.rows("SELECT outcome FROM runs")
    assert ended["outcome"] == "released"

    desk.let_pass()
    desk.run_to_end(desk.worker(), job_id)
    until(lambda: sorted(desk.outcomes(job_id)) == ["answered", "stopped"])
    assert not desk.result(job_id).provenance.models[0].recalled


def test_a_job_that_is_cancelled_while_a_worker_shuts_down_stops_its_call(desk: Desk) -> None:
    job_id = desk.submit()
    worker = desk.worker(grading_drain_seconds=60)
    with desk.running(worker, job_id), desk.provider.chat.hold() as gate:
        gate.await_held(1)
        worker.stopping.set()
        cancelled_at = time.monotonic()
        cancel_job(desk.conn, job_id)
        call = desk.provider.chat.await_ended(desk.provider.chat.calls[0])
        assert call.hung_up
        assert call.ended_at is not None
        assert call.ended_at - cancelled_at < SOON
    assert desk.job(job_id)["state"] == "cancelled"


class _SlowMeasurer(LightMeasurer):
    """Takes a step when it is told to."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def measure(self, work: WritingWork, step: Step) -> tuple[Observation, ...]:
        self.begun.set()
        assert self.go_on.wait(10)
        return super().measure(work, step)


def test_a_worker_that_shuts_down_while_it_measures_waits_for_the_call_too(desk: Desk) -> None:
    job_id = desk.submit()
    measurer = _SlowMeasurer()
    worker = desk.worker(measurer=measurer, grading_scorers="both")
    with desk.running(worker, job_id) as [run], desk.provider.chat.hold() as gate:
        gate.await_held(1)
        assert measurer.begun.wait(10)
        worker.stopping.set()
        measurer.go_on.set()
        with pytest.raises(TimeoutError):
            run.result(0.3)
        gate.open()
    assert (desk.job(job_id)["state"], desk.job(job_id)["retries"]) == ("retrying", 0)
    assert desk.outcomes(job_id) == ["answered"]


def test_a_job_that_is_cancelled_while_it_waits_to_be_measured_stops_its_call(desk: Desk) -> None:
    job_id = desk.submit()
    chat = desk.provider.chat
    with closing(MeasuringPool(1)) as pool:
        worker = desk.worker(measurer=MeasuringElsewhere(pool), grading_scorers="both")
        with desk.running(worker, job_id), chat.hold() as gate:
            gate.await_held(1)
            cancelled_at = time.monotonic()
            cancel_job(desk.conn, job_id)
            call = chat.await_ended(chat.calls[0])
            assert call.ended_at is not None
            assert call.ended_at - cancelled_at < SOON
        # It had not even loaded its models, and need not do so any more.
        for child in multiprocessing.active_children():
            child.kill()
    assert desk.job(job_id)["state"] == "cancelled"
