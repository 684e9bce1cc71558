"""The tokens that all workers together may use up in a minute."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from tests.integration.providers.desk import Desk
from tests.stack.llm_worker import NAME, LlmWorker
from tests.stack.provider.answers import Usage
from tests.stack.provider.errors import rate_limited
from tests.stack.provider.faults import Silence
from tests.stack.waiting import until
from workers.providers import caller
from workers.providers.job_ledger import JobLedger

PER_MINUTE = 1000
MODEL = "model-one"

_PASS = text("UPDATE token_buckets SET filled_at = filled_at - make_interval(secs => :seconds)")


def _ledger(desk: Desk, worker: LlmWorker, per_minute: int | None = PER_MINUTE) -> JobLedger:
    hold = worker.journal.claim(desk.submit(), NAME)
    assert hold is not None
    return JobLedger(worker.journal, hold.claim, per_minute)


@pytest.fixture
def ledgers(desk: Desk) -> tuple[JobLedger, JobLedger]:
    """Ledgers of two workers."""
    return _ledger(desk, desk.worker()), _ledger(desk, desk.worker())


def _take(ledger: JobLedger, tokens: int, model: str = MODEL) -> float:
    return asyncio.run(ledger.take_tokens(model, tokens))


def _return(ledger: JobLedger, tokens: int) -> None:
    asyncio.run(ledger.return_tokens(MODEL, tokens))


def _let_pass(desk: Desk, seconds: float) -> None:
    desk.conn.execute(_PASS, {"seconds": seconds})


Two = tuple[JobLedger, JobLedger]


def test_two_workers_share_one_allowance(desk: Desk, ledgers: Two) -> None:
    one, two = ledgers
    assert _take(one, 600) == 0
    wait = _take(two, 600)
    # 200 too many, at a thousand a minute.
    assert wait == pytest.approx(12, abs=2)
    _let_pass(desk, wait + 0.1)
    assert _take(two, 600) == 0
    # Of another model nothing was taken.
    assert _take(two, 600, "model-two") == 0


def test_nobody_overdraws_it_between_a_look_and_a_take(ledgers: Two) -> None:
    async def all_at_once() -> list[float]:
        takes = [ledger.take_tokens(MODEL, 100) for _ in range(10) for ledger in ledgers]
        return await asyncio.gather(*takes)

    waits = asyncio.run(all_at_once())
    assert waits.count(0) == 10
    assert all(0 < wait <= 6.1 for wait in waits if wait)


def test_what_was_not_used_goes_back(ledgers: Two) -> None:
    one, two = ledgers
    assert _take(one, 1000) == 0
    assert _take(two, 500) > 0
    _return(one, 700)
    assert _take(two, 500) == 0
    # More cannot go back than was taken.
    _return(one, 5000)
    assert _take(one, 1000) == 0
    assert _take(two, 100) > 0


def test_what_was_used_beyond_is_taken_afterwards(desk: Desk, ledgers: Two) -> None:
    one, two = ledgers
    assert _take(one, 100) == 0
    # By the time the call ends, what it took has long run off.
    _let_pass(desk, 300)
    _return(one, -900)
    assert _take(two, 400) == pytest.approx(18, abs=2)


def test_more_than_a_minutes_tokens_are_let_in_when_nothing_else_is(
    desk: Desk, ledgers: Two
) -> None:
    one, two = ledgers
    assert _take(one, 2500) == 0
    wait = _take(two, 2500)
    assert wait == pytest.approx(150, abs=2)
    _let_pass(desk, wait + 0.1)
    assert _take(two, 2500) == 0


def test_without_a_limit_nothing_is_counted(desk: Desk) -> None:
    ledger = _ledger(desk, desk.worker(), None)
    assert _take(ledger, 10**9) == 0
    _return(ledger, 10)
    assert desk.database.rows("SELECT * FROM token_buckets") == []


def _level(desk: Desk) -> float:
    [row] = desk.database.rows("SELECT tokens FROM token_buckets")
    return float(row["tokens"])


def test_a_call_takes_what_it_may_use_and_keeps_what_it_used(desk: Desk) -> None:
    job_id = desk.submit()
    # So few that next to nothing runs off meanwhile.
    worker = desk.worker(openai_tokens_per_minute=10_000, openai_max_tokens=4000)
    with desk.running(worker, job_id), desk.provider.chat.hold() as gate:
        gate.await_held(1)
        assert _level(desk) > 4000
        gate.open()
    used = Usage().prompt_tokens + Usage().completion_tokens
    assert until(lambda: _level(desk)) == pytest.approx(used, abs=200)


def test_a_refused_call_used_nothing_and_one_without_an_answer_perhaps_all(desk: Desk) -> None:
    job_id = desk.submit()
    settings: dict[str, Any] = {
        "openai_tokens_per_minute": 60_000,
        "openai_read_timeout_seconds": 0.1,
    }
    desk.provider.chat.queue(rate_limited())
    with desk.running(desk.worker(**settings), job_id):
        pass
    assert _level(desk) == pytest.approx(0, abs=100)
    desk.let_pass()
    desk.provider.chat.queue(Silence())
    with desk.running(desk.worker(**settings), job_id):
        pass
    assert _level(desk) > 5000


def test_a_job_waits_for_tokens_and_makes_its_call_then(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller, "_LONGEST_SLEEP", 0.1)
    jobs = [desk.submit(), desk.submit()]
    # What one may use fills the bucket; what it does not use makes room for the other.
    worker = desk.worker(openai_tokens_per_minute=600_000, openai_max_tokens=598_000)
    with desk.running(worker, *jobs), desk.provider.chat.hold() as gate:
        gate.await_held(1)
        until(lambda: all(desk.job(job_id)["state"] == "analyzing" for job_id in jobs))
    assert [desk.job(job_id)["state"] for job_id in jobs] == ["completed", "completed"]
    assert desk.provider.chat.most_in_flight == 1
