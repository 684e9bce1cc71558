"""What calls cost, and what becomes of jobs once the month's budget is spent."""

import json
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from tests.integration.providers.desk import Desk
from tests.stack.evidence import evidence_on
from tests.stack.provider.answers import Answer, Usage, cut_off, refusal
from tests.stack.provider.call import Call
from tests.stack.provider.errors import server_error
from tests.stack.provider.exchange import Script

MODEL = "gpt-4.1-mini"
PRICES = {MODEL: {"prompt": "2", "cached": "0.5", "completion": "8"}}
USAGE = Usage(prompt_tokens=1000, completion_tokens=500, cached_tokens=400)
#: (600 × 2 + 400 × 0.5 + 500 × 8) / 1,000,000
COST = Decimal("0.0054")


@pytest.fixture(autouse=True)
def priced(desk: Desk) -> None:
    """Every answer costs the same."""
    desk.provider.chat.choose = lambda call: Answer(json.dumps(evidence_on(call)), usage=USAGE)


def _spent(desk: Desk) -> Decimal:
    rows = desk.database.rows("SELECT cost FROM spending")
    return sum((row["cost"] for row in rows), Decimal(0))


def _spend(desk: Desk, cost: str, month: str = "now()") -> None:
    statement = text(
        f"INSERT INTO spending VALUES (date_trunc('month', {month} AT TIME ZONE 'utc'), :cost)"  # noqa: S608
    )
    desk.conn.execute(statement, {"cost": Decimal(cost)})


def _settings(**more: Any) -> dict[str, Any]:
    return {"openai_prices": PRICES, "grading_budget": "1", **more}


def test_cached_tokens_are_cheaper(desk: Desk) -> None:
    job_id = desk.submit()
    desk.run_to_end(desk.worker(openai_prices=PRICES), job_id)
    [use] = desk.result(job_id).provenance.models
    assert (use.usage.prompt, use.usage.cached, use.usage.completion) == (1000, 400, 500)
    [call] = desk.calls(job_id)
    assert use.cost == call["cost"] == _spent(desk) == COST
    tokens = (call["prompt_tokens"], call["cached_tokens"], call["completion_tokens"])
    assert tokens == (1000, 400, 500)


def _no_json(call: Call) -> Script:
    return Answer("no JSON", usage=USAGE)


def _no_form(call: Call) -> Script:
    return Answer("{}", usage=USAGE)


def _cut_off(call: Call) -> Script:
    return cut_off("{", usage=USAGE)


@pytest.mark.parametrize("play", [_no_json, _no_form, _cut_off])
def test_answers_that_are_of_no_use_cost_as_much(desk: Desk, play: Any) -> None:
    job_id = desk.submit()
    desk.provider.chat.choose = play
    desk.run_to_end(desk.worker(openai_prices=PRICES, grading_max_retries=1), job_id)
    assert [call["cost"] for call in desk.calls(job_id)] == [COST, COST]
    assert _spent(desk) == 2 * COST


def test_what_tells_no_usage_costs_nothing(desk: Desk) -> None:
    job_id = desk.submit()
    desk.provider.chat.queue(server_error())
    desk.provider.chat.choose = lambda _: refusal()
    desk.run_to_end(desk.worker(openai_prices=PRICES), job_id)
    failed, refused = desk.calls(job_id)
    assert (failed["cost"], failed["prompt_tokens"]) == (None, None)
    assert refused["cost"] == _spent(desk) > 0


def test_without_a_price_nothing_is_said_of_cost(desk: Desk) -> None:
    job_id = desk.submit()
    desk.run_to_end(desk.worker(), job_id)
    [use] = desk.result(job_id).provenance.models
    assert use.cost is None
    assert desk.database.rows("SELECT * FROM spending") == []


def test_a_spent_budget_leaves_jobs_to_the_embedded_grader(desk: Desk) -> None:
    _spend(desk, "0.9999")
    before, after = desk.submit(), desk.submit()
    worker = desk.worker(**_settings())
    desk.run_to_end(worker, before)
    assert desk.result(before).provenance.grader == "llm-writing"
    desk.run_to_end(worker, after)
    provenance = desk.result(after).provenance
    assert (provenance.grader, provenance.fallback) == ("embedded-writing", "budget_spent")
    assert (desk.job(after)["run"], desk.calls(after)) == (1, [])
    assert len(desk.provider.chat.calls) == 1


def test_what_was_paid_for_is_used_though_nothing_is_left(desk: Desk) -> None:
    job_id = desk.submit()
    worker = desk.worker(**_settings())
    with desk.running(worker, job_id), desk.provider.chat.hold() as gate:
        gate.await_held(1)
        worker.stopping.set()
        gate.open()
    desk.let_pass()
    desk.conn.execute(text("UPDATE spending SET cost = 5"))
    desk.run_to_end(desk.worker(**_settings()), job_id)
    [use] = desk.result(job_id).provenance.models
    assert use.recalled
    assert use.cost == COST


def test_jobs_may_wait_for_the_budget_to_be_raised(desk: Desk) -> None:
    _spend(desk, "1")
    job_id = desk.submit()
    worker = desk.worker(**_settings(grading_budget_action="wait", grading_max_retries=0))
    for run in (1, 2):
        with desk.running(worker, job_id):
            pass
        job = desk.job(job_id)
        assert (job["state"], job["retries"], job["run"], job["wait"]) == ("retrying", 0, run, 60)
        desk.let_pass()
    runs = desk.database.rows("SELECT outcome, error_reason, error_message FROM runs")
    assert all(run["outcome"] == "postponed" for run in runs)
    assert all(run["error_message"].startswith("budget_spent: ") for run in runs)
    assert desk.provider.chat.calls == []

    desk.run_to_end(desk.worker(**_settings(grading_budget="2")), job_id)
    assert desk.result(job_id).provenance.grader == "llm-writing"
    assert desk.job(job_id)["state"] == "completed"


def test_the_month_before_is_not_this_month(desk: Desk) -> None:
    _spend(desk, "1000", "(now() - interval '31 days')")
    job_id = desk.submit()
    desk.run_to_end(desk.worker(**_settings()), job_id)
    assert desk.result(job_id).provenance.grader == "llm-writing"


def test_a_budget_of_nothing_allows_no_call(desk: Desk) -> None:
    job_id = desk.submit()
    desk.run_to_end(desk.worker(**_settings(grading_budget="0")), job_id)
    assert desk.result(job_id).provenance.fallback == "budget_spent"
    assert desk.provider.chat.calls == []
