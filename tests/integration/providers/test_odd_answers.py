"""Answers that are of use, though something about them is odd."""

import json
from typing import Any

import pytest

from grading.domain.feedback import FeedbackLanguage
from tests.integration.providers.desk import Desk
from tests.stack.evidence import evidence_on, shown
from tests.stack.provider.answers import Answer
from tests.stack.provider.broken import other_json
from tests.stack.provider.call import Call
from tests.stack.provider.exchange import Script

MODEL = "gpt-4.1-mini"


def _completion(call: Call, evidence: dict[str, Any], **changes: Any) -> Script:
    document = Answer(json.dumps(evidence)).document(call.model)
    return other_json({**document, **changes})


def _without(call: Call, *fields: str) -> Script:
    document = Answer(json.dumps(evidence_on(call))).document(call.model)
    return other_json({name: value for name, value in document.items() if name not in fields})


@pytest.mark.parametrize(
    "usage",
    [
        None,
        "much",
        [],
        {},
        {"prompt_tokens": 10},
        {"prompt_tokens": "many", "completion_tokens": 5},
        {"prompt_tokens": 10**12, "completion_tokens": 5},
        {"prompt_tokens": -10, "completion_tokens": 5},
        {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": "none"},
        {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "prompt_tokens_details": {"cached_tokens": -1},
        },
    ],
    ids=str,
)
def test_usage_that_nobody_can_believe_is_estimated(desk: Desk, usage: Any) -> None:
    job_id = desk.submit()
    desk.provider.chat.choose = lambda call: _completion(call, evidence_on(call), usage=usage)
    desk.run_to_end(desk.worker(), job_id)
    [use] = desk.result(job_id).provenance.models
    assert 1000 < use.usage.prompt < 10_000
    assert 300 < use.usage.completion < 3000
    assert use.usage.cached == 0


def test_more_cached_tokens_than_there_are_count_as_all(desk: Desk) -> None:
    job_id = desk.submit()
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 11},
    }
    desk.provider.chat.choose = lambda call: _completion(call, evidence_on(call), usage=usage)
    desk.run_to_end(desk.worker(), job_id)
    [use] = desk.result(job_id).provenance.models
    assert (use.usage.prompt, use.usage.cached) == (10, 10)


@pytest.mark.parametrize("named", [None, 17, "", "\x00", "line\nbreak"], ids=repr)
def test_a_model_without_a_name_is_the_one_that_was_asked(desk: Desk, named: Any) -> None:
    job_id = desk.submit()
    desk.provider.chat.choose = lambda call: _completion(call, evidence_on(call), model=named)
    desk.run_to_end(desk.worker(), job_id)
    [use] = desk.result(job_id).provenance.models
    assert use.model == MODEL


def test_an_answer_needs_no_more_than_its_text(desk: Desk) -> None:
    job_id = desk.submit()
    all_others = ("id", "object", "created", "model", "usage", "service_tier", "system_fingerprint")
    desk.provider.chat.choose = lambda call: _without(call, *all_others)
    desk.run_to_end(desk.worker(), job_id)
    assert desk.result(job_id).provenance.grader == "llm-writing"


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\ud800", "\u202e"], ids=ascii)
def test_signs_that_nothing_takes_or_nobody_sees_are_left_out(desk: Desk, sign: str) -> None:
    def choose(call: Call) -> Script:
        form = evidence_on(call)
        words = shown(call).split()
        # So many that the learner is shown what should stand there.
        form["errors"] = [
            form["errors"][0]
            | {"quote": " ".join(words[at : at + 2]), "correction": f"the{sign}\xa0words"}
            for at in range(0, 60, 4)
        ]
        form["feedback"]["strengths"][0]["text"] = f"{sign}It is {sign}clear."
        form["feedback"]["rewrites"][0] |= {"rewrite": f"Red{sign}.", "reason": f"Short{sign}."}
        return Answer(json.dumps(form))

    job_id = desk.submit()
    desk.provider.chat.choose = choose
    desk.run_to_end(desk.worker(), job_id)
    result = desk.result(job_id)
    assert sign not in str(result)
    assert "→ “the words”" in str(result)
    assert result.feedback is not None
    assert result.feedback.strengths[0].text == "It is clear."
    [rewrite] = result.feedback.rewrites
    assert (rewrite.text, rewrite.reason) == ("Red.", "Short.")


def test_half_a_sign_in_the_response_is_no_answer(desk: Desk) -> None:
    def choose(call: Call) -> Script:
        content = json.dumps(evidence_on(call)).replace("The order is", "The \ud800 is")
        return _completion(call, {}, choices=[{"message": {"content": content}}])

    job_id = desk.submit()
    desk.provider.chat.choose = choose
    desk.run_to_end(desk.worker(grading_max_retries=0), job_id)
    assert desk.outcomes(job_id) == ["response_malformed"]


def test_lists_without_end_gain_nothing(desk: Desk) -> None:
    def choose(call: Call) -> Script:
        form = evidence_on(call)
        for kind in ("ideas", "moves", "apt_phrases", "structures", "errors", "requirements"):
            form[kind] *= 500
        return Answer(json.dumps(form))

    plain, padded = desk.submit(), desk.submit()
    worker = desk.worker()
    desk.run_to_end(worker, plain)
    desk.provider.chat.choose = choose
    desk.run_to_end(worker, padded)
    assert desk.result(padded).exact_score == desk.result(plain).exact_score


def test_feedback_is_asked_for_and_given_in_the_learners_language(desk: Desk) -> None:
    job_id = desk.submit()
    desk.run_to_end(desk.worker(), job_id)
    feedback = desk.result(job_id).feedback
    assert feedback is not None
    assert feedback.language is FeedbackLanguage.ENGLISH
    assert feedback.strengths[0].text == "The order is clear."
    [call] = desk.provider.chat.calls
    assert "Language of the feedback: English" in call.messages[-1]["content"]
