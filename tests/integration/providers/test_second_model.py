"""A second model: what it says of the confidence, and the harm that it can't do."""

import json
from decimal import Decimal
from typing import Any

import pytest

from grading.domain.confidence import ConfidenceFactor
from grading.domain.result import GradingResult
from tests.integration.providers.desk import Desk
from tests.stack.evidence import evidence_on
from tests.stack.provider.answers import Answer, refusal
from tests.stack.provider.call import Call
from tests.stack.provider.errors import invalid_api_key, server_error
from tests.stack.provider.exchange import Script
from tests.stack.provider.faults import Silence

FIRST, SECOND = "model-one", "model-two"
PRICES = {
    FIRST: {"prompt": "2", "completion": "8"},
    SECOND: {"prompt": "1", "completion": "4"},
}


def _grade(desk: Desk, **settings: Any) -> GradingResult:
    job_id = desk.submit()
    worker = desk.worker(
        openai_model=FIRST, openai_second_model=SECOND, openai_prices=PRICES, **settings
    )
    desk.run_to_end(worker, job_id)
    assert desk.job(job_id)["run"] == 1
    return desk.result(job_id)


def _agreement(result: GradingResult) -> Decimal | None:
    assert result.confidence is not None
    for factor in result.confidence.factors:
        if factor.factor is ConfidenceFactor.SCORER_AGREEMENT:
            return factor.value
    return None


def _sees_little(call: Call) -> Script:
    """The second model sees next to nothing of what the first one sees."""
    if call.model == FIRST:
        return Answer(json.dumps(evidence_on(call)))
    nothing: dict[str, list[object]] = {
        kind: [] for kind in ("ideas", "moves", "structures", "apt_phrases")
    }
    return Answer(json.dumps(evidence_on(call, **nothing)))


def test_models_that_agree_raise_the_confidence(desk: Desk) -> None:
    agreed = _grade(desk)
    assert _agreement(agreed) == 100
    desk.provider.chat.choose = _sees_little
    disputed = _grade(desk)
    apart = _agreement(disputed)
    assert apart is not None
    assert apart < 80
    assert agreed.confidence is not None
    assert disputed.confidence is not None
    assert disputed.confidence.value < agreed.confidence.value
    # It speaks for the confidence alone.
    assert [item.score for item in disputed.criteria] == [item.score for item in agreed.criteria]


def test_both_models_and_their_costs_are_named(desk: Desk) -> None:
    first, second = _grade(desk).provenance.models
    assert (first.stage, first.model, first.cost) == ("evidence", FIRST, Decimal("0.0048"))
    assert (second.stage, second.model, second.cost) == (
        "second_evidence",
        SECOND,
        Decimal("0.0024"),
    )
    assert first.prompt_version == second.prompt_version
    assert first.prompt_hash != second.prompt_hash
    [spent] = desk.database.rows("SELECT cost FROM spending")
    assert spent["cost"] == Decimal("0.0072")


def test_the_second_model_is_not_asked_for_feedback(desk: Desk) -> None:
    _grade(desk)
    forms = {
        call.model: call.body["response_format"]["json_schema"]["schema"]["properties"]
        for call in desk.provider.chat.calls
    }
    assert "feedback" in forms[FIRST]
    assert "feedback" not in forms[SECOND]


@pytest.mark.parametrize(
    "fault", [server_error(), invalid_api_key(), refusal(), Answer("no JSON"), Silence()], ids=str
)
def test_a_second_model_that_fails_harms_nothing(desk: Desk, fault: Script) -> None:
    def choose(call: Call) -> Script:
        return fault if call.model == SECOND else Answer(json.dumps(evidence_on(call)))

    desk.provider.chat.choose = choose
    result = _grade(desk, openai_read_timeout_seconds=0.3)
    assert (result.provenance.grader, result.provenance.fallback) == ("llm-writing", "")
    [use] = result.provenance.models
    assert use.model == FIRST
    assert _agreement(result) is None  # the one scorer that is left agrees with nobody
    assert result.confidence is not None


def test_a_first_model_that_fails_is_not_made_up_for(desk: Desk) -> None:
    def choose(call: Call) -> Script:
        return refusal() if call.model == FIRST else Answer(json.dumps(evidence_on(call)))

    desk.provider.chat.choose = choose
    result = _grade(desk, grading_fallback="embedded")
    assert (result.provenance.grader, result.provenance.fallback) == (
        "embedded-writing",
        "model_refused",
    )
