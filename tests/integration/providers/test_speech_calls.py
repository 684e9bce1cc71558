"""Calls for transcriptions in flight: stopped with their run, seen out, and held back."""

import threading
import time
from collections.abc import Callable
from uuid import UUID

import pytest

from grading.store.erasure import erase_job
from grading.store.jobs import cancel_job
from tests.integration.providers.speech_desk import SpeechDesk
from tests.stack.light_listener import LightListener
from tests.stack.provider.errors import server_error
from tests.stack.waiting import until
from tests.unit.provider.asking import Clock
from workers.providers.breaker import make_breaker

#: How soon the provider must see that nobody waits any more, in seconds.
SOON = 2.0

Take = Callable[[SpeechDesk, UUID], None]


def _cancel(desk: SpeechDesk, job_id: UUID) -> None:
    cancel_job(desk.conn, job_id)


def _erase(desk: SpeechDesk, job_id: UUID) -> None:
    erase_job(desk.conn, job_id)


def _lapse(desk: SpeechDesk, job_id: UUID) -> None:
    desk.lapse(job_id)


@pytest.mark.parametrize("take", [_cancel, _erase, _lapse])
def test_a_job_that_is_taken_away_stops_its_call(speech_desk: SpeechDesk, take: Take) -> None:
    job_id = speech_desk.submit()
    route = speech_desk.route
    with speech_desk.running(speech_desk.worker(), job_id), route.hold() as gate:
        gate.await_held(1)
        until(lambda: speech_desk.database.rows("SELECT * FROM events WHERE message ~ '60 sec'"))
        taken_at = time.monotonic()
        take(speech_desk, job_id)
        call = route.await_ended(route.calls[0])
        assert call.hung_up
        assert call.ended_at is not None
        assert call.ended_at - taken_at < SOON
    assert speech_desk.database.rows("SELECT * FROM provider_answers") == []
    assert speech_desk.database.rows("SELECT * FROM results") == []
    if take is not _erase:
        # What was asked for is known, as it may have to be paid for.
        until(lambda: speech_desk.outcomes(job_id) == ["stopped"])


def test_an_answer_that_comes_while_a_worker_shuts_down_is_kept(speech_desk: SpeechDesk) -> None:
    job_id = speech_desk.submit()
    worker = speech_desk.worker()
    with speech_desk.running(worker, job_id) as [run], speech_desk.route.hold() as gate:
        gate.await_held(1)
        worker.stopping.set()
        with pytest.raises(TimeoutError):
            run.result(0.6)
        gate.open()
    job = speech_desk.job(job_id)
    assert (job["state"], job["retries"], job["wait"]) == ("retrying", 0, 0)
    assert speech_desk.outcomes(job_id) == ["answered"]

    speech_desk.let_pass()
    speech_desk.run_to_end(speech_desk.worker(), job_id)
    [use] = speech_desk.result(job_id).provenance.models
    assert use.recalled
    assert len(speech_desk.route.calls) == 1


def test_a_call_that_outlasts_the_shutdown_is_stopped(speech_desk: SpeechDesk) -> None:
    job_id = speech_desk.submit()
    worker = speech_desk.worker(grading_drain_seconds=0.5)
    with speech_desk.running(worker, job_id) as [run], speech_desk.route.hold() as gate:
        gate.await_held(1)
        asked_at = time.monotonic()
        worker.stopping.set()
        run.result(5)
        assert 0.5 <= time.monotonic() - asked_at < 0.5 + SOON
        assert speech_desk.route.await_ended(speech_desk.route.calls[0]).hung_up
    job = speech_desk.job(job_id)
    assert (job["state"], job["retries"], job["wait"]) == ("retrying", 0, 0)
    until(lambda: speech_desk.outcomes(job_id) == ["stopped"])


def test_a_job_that_is_cancelled_before_its_call_makes_none(speech_desk: SpeechDesk) -> None:
    job_id = speech_desk.submit()
    opening, go_on = threading.Event(), threading.Event()

    def opened() -> None:
        opening.set()
        assert go_on.wait(10)

    worker = speech_desk.worker(listener=LightListener(opened=opened))
    with speech_desk.running(worker, job_id):
        assert opening.wait(10)
        cancel_job(speech_desk.conn, job_id)
        # A run learns of it within a second.
        time.sleep(1.2)
        go_on.set()
    assert speech_desk.route.calls == []


def test_no_more_calls_are_in_flight_than_the_setting_says(speech_desk: SpeechDesk) -> None:
    jobs = [speech_desk.submit() for _ in range(6)]
    worker = speech_desk.worker(stt_max_in_flight=2)
    with speech_desk.running(worker, *jobs), speech_desk.route.hold() as gate:
        gate.await_held(2)
        gate.open()
    assert speech_desk.route.most_in_flight == 2
    assert {speech_desk.job(job_id)["state"] for job_id in jobs} == {"completed"}


def test_tokens_of_models_that_write_are_none_of_a_transcribers(speech_desk: SpeechDesk) -> None:
    job_id = speech_desk.submit()
    speech_desk.run_to_end(speech_desk.worker(openai_tokens_per_minute=1), job_id)
    assert speech_desk.job(job_id)["state"] == "completed"
    assert speech_desk.database.rows("SELECT * FROM token_buckets") == []


def test_an_open_circuit_lets_jobs_wait(speech_desk: SpeechDesk) -> None:
    clock = Clock()
    breaker = make_breaker("127.0.0.1", "whisper-1", clock)
    worker = speech_desk.worker(breaker=breaker, grading_max_retries=2)
    speech_desk.route.queue(*[server_error()] * 20)
    with speech_desk.running(worker, *[speech_desk.submit() for _ in range(20)]):
        pass
    assert len(speech_desk.route.calls) == 20

    clock.seconds += 12
    job_id = speech_desk.submit()
    with speech_desk.running(worker, job_id):
        pass
    job = speech_desk.job(job_id)
    assert (job["state"], job["retries"]) == ("retrying", 1)
    assert job["wait"] == pytest.approx(18, abs=0.01)
    assert (len(speech_desk.route.calls), speech_desk.outcomes(job_id)) == (20, [])

    clock.seconds += 18
    speech_desk.let_pass()
    speech_desk.run_to_end(worker, job_id)
    assert (speech_desk.job(job_id)["state"], speech_desk.outcomes(job_id)) == (
        "completed",
        ["answered"],
    )


def test_with_a_fallback_an_open_circuit_delays_a_job_and_no_more(speech_desk: SpeechDesk) -> None:
    breaker = make_breaker("127.0.0.1", "whisper-1")
    breaker.force_open()
    job_id = speech_desk.submit()
    worker = speech_desk.worker(breaker=breaker, grading_max_retries=1, grading_fallback="embedded")
    speech_desk.run_to_end(worker, job_id)
    assert speech_desk.result(job_id).provenance.fallback == "circuit_open"
    assert speech_desk.route.calls == []
