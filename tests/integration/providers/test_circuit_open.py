"""Jobs that meet an open circuit."""

import pytest

from tests.integration.providers.desk import Desk
from tests.stack.provider.errors import server_error
from tests.unit.provider.asking import Clock
from workers.providers.breaker import make_breaker


def test_they_wait_until_it_lets_calls_through_again(desk: Desk) -> None:
    clock = Clock()
    worker = desk.worker(
        breakers=(make_breaker("127.0.0.1", "gpt-4.1-mini", clock),), grading_max_retries=2
    )
    chat = desk.provider.chat
    chat.queue(*[server_error()] * 20)
    # Side by side: each of them makes its first call, and no more.
    with desk.running(worker, *[desk.submit() for _ in range(20)]):
        pass
    assert len(chat.calls) == 20

    clock.seconds += 12
    job_id = desk.submit()
    with desk.running(worker, job_id):
        pass
    job = desk.job(job_id)
    assert (job["state"], job["retries"]) == ("retrying", 1)
    assert job["wait"] == pytest.approx(18, abs=0.01)
    [run] = desk.database.rows("SELECT error_message FROM runs WHERE job_id = %s", job_id)
    assert run["error_message"].startswith("circuit_open: ")
    assert (len(chat.calls), desk.outcomes(job_id)) == (20, [])

    clock.seconds += 18
    desk.let_pass()
    desk.run_to_end(worker, job_id)
    assert (desk.job(job_id)["state"], desk.job(job_id)["run"]) == ("completed", 2)
    assert desk.outcomes(job_id) == ["answered"]


def test_without_a_fallback_one_that_stays_open_uses_the_retries_up(desk: Desk) -> None:
    breaker = make_breaker("127.0.0.1", "gpt-4.1-mini")
    breaker.force_open()
    job_id = desk.submit()
    desk.run_to_end(desk.worker(breakers=(breaker,), grading_max_retries=1), job_id)
    job = desk.job(job_id)
    assert (job["state"], job["error_reason"], job["run"]) == ("failed", "retries_exhausted", 2)
    assert desk.provider.chat.calls == []


def test_with_a_fallback_it_delays_a_job_and_no_more(desk: Desk) -> None:
    breaker = make_breaker("127.0.0.1", "gpt-4.1-mini")
    breaker.force_open()
    job_id = desk.submit()
    worker = desk.worker(breakers=(breaker,), grading_max_retries=1, grading_fallback="embedded")
    desk.run_to_end(worker, job_id)
    assert desk.result(job_id).provenance.fallback == "circuit_open"
    assert desk.provider.chat.calls == []
