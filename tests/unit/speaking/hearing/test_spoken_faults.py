"""What a recording comes to when its models fail, or a second one is heard."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from grading.domain.confidence import ConfidenceFactor
from grading.domain.result import GradingResult
from grading.exceptions import PermanentFault, Postponed, TransientFault, WorkerStopping
from tests.stack.evidence import evidence_on
from tests.stack.memory_ledger import MemoryLedger
from tests.stack.provider.answers import Answer, refusal
from tests.stack.provider.call import Call
from tests.stack.provider.errors import invalid_api_key, rate_limited, server_error
from tests.stack.provider.exchange import Script
from tests.stack.provider.server import Provider
from tests.unit.speaking.hearing.conftest import Listener

FIRST, SECOND = "model-one", "model-two"
PRICES = f'{{"{FIRST}": {{"prompt": 4, "completion": 0}}}}'


def _made_up(call: Call) -> Script:
    quotes = [f"nobody ever said number {number}" for number in range(12)]
    moves = [{"move": "example", "quote": quote} for quote in quotes]
    return Answer(json.dumps(evidence_on(call, apt_phrases=quotes, moves=moves)))


@pytest.mark.parametrize(
    ("script", "fault", "says"),
    [
        (rate_limited(retry_after=17), TransientFault, "rate_limited"),
        (server_error(), TransientFault, "server_fault"),
        (Answer("no JSON"), TransientFault, "answer_not_json"),
        (_made_up, TransientFault, "answer_unfounded"),
        (invalid_api_key(), PermanentFault, "key_refused"),
        (refusal("No."), PermanentFault, "model_refused"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_is_the_jobs_to_bear(
    provider: Provider, listener: Listener, script: Any, fault: type[Exception], says: str
) -> None:
    provider.chat.choose = script if callable(script) else lambda _: script
    for run in ({"is_last": False}, {"is_last": True}):
        with pytest.raises(fault, match=f"{says}: ") as raised:
            listener.grade(run=run)
        if says == "rate_limited":
            assert raised.value.retry_after == 17  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("script", "says"),
    [(server_error(), "server_fault"), (invalid_api_key(), "key_refused")],
    ids=["passing", "final"],
)
def test_with_a_fallback_the_embedded_grader_takes_over_once_no_retry_is_left(
    provider: Provider, listener: Listener, script: Script, says: str
) -> None:
    provider.chat.choose = lambda _: script
    settings = {"grading_fallback": "embedded"}
    if says == "server_fault":
        with pytest.raises(TransientFault):
            listener.grade(run={"is_last": False}, settings=settings)
    result = listener.grade(settings=settings)
    alone = listener.alone()
    assert result == replace(alone, provenance=replace(alone.provenance, fallback=says))
    assert result.provenance.grader == "embedded-speaking"


def test_a_spent_budget_falls_back_or_waits(provider: Provider, listener: Listener) -> None:
    settings = {"openai_model": FIRST, "openai_prices": PRICES, "grading_budget": Decimal(0)}
    result = listener.grade(settings=settings | {"grading_fallback": "embedded"})
    assert result.provenance.fallback == "budget_spent"
    with pytest.raises(Postponed, match="GRADING_BUDGET"):
        listener.grade(settings=settings | {"grading_budget_action": "wait"})
    assert provider.chat.calls == []


def test_a_worker_that_stops_sees_its_call_out(provider: Provider, listener: Listener) -> None:
    ledger = MemoryLedger()

    def report(stage: Any, progress: float, message: str) -> None:
        del stage, progress
        if message == "Listening to the sounds":
            raise WorkerStopping

    with pytest.raises(WorkerStopping):
        listener.grade(run={"report": report, "calls": ledger})
    assert ledger.outcomes == ["answered"]


def _agreement(result: GradingResult) -> float | None:
    assert result.confidence is not None
    for item in result.confidence.factors:
        if item.factor is ConfidenceFactor.SCORER_AGREEMENT:
            return float(item.value)
    return None


def _sees_little(call: Call) -> Script:
    nothing: dict[str, list[object]] = {
        kind: [] for kind in ("ideas", "moves", "structures", "apt_phrases")
    }
    form = evidence_on(call)
    return Answer(json.dumps(form | nothing if call.model == SECOND else form))


def test_how_far_a_second_model_leads_counts_for_the_confidence(
    provider: Provider, listener: Listener
) -> None:
    both = {
        "openai_model": FIRST,
        "openai_second_model": SECOND,
        "grading_scorers": "evidence",
    }
    agreed = listener.grade(settings=both)
    assert _agreement(agreed) == 100
    provider.chat.choose = _sees_little
    disputed = listener.grade(settings=both)
    apart = _agreement(disputed)
    assert apart is not None
    assert apart < 80
    assert disputed.criteria == agreed.criteria
    first, second = disputed.provenance.models
    assert (first.stage, first.model) == ("evidence", FIRST)
    assert (second.stage, second.model) == ("second_evidence", SECOND)
    assert first.prompt_hash != second.prompt_hash


def test_a_second_model_that_fails_harms_nothing(provider: Provider, listener: Listener) -> None:
    def choose(call: Call) -> Script:
        return server_error() if call.model == SECOND else Answer(json.dumps(evidence_on(call)))

    provider.chat.choose = choose
    result = listener.grade(settings={"openai_model": FIRST, "openai_second_model": SECOND})
    assert (result.provenance.grader, result.provenance.fallback) == ("llm-speaking", "")
    [use] = result.provenance.models
    assert use.model == FIRST
