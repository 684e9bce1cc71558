"""What of a model's words reaches the learner, and what its made-up quotes cost it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from bench.cases import Case
from grading.domain.confidence import ConfidenceFactor
from grading.domain.result import GradingResult
from tests.stack.evidence import evidence_on, sentences, shown
from tests.stack.provider.answers import Answer
from tests.stack.provider.call import Call
from tests.stack.provider.exchange import Script
from tests.stack.provider.server import Provider
from tests.unit.writing.heard.conftest import Listener

Read = Callable[[str], Case]

SCORES = (
    "You scored well.",
    "This is worth 9/10.",
    "I give it 9 out of 10.",
    "A solid B2 answer.",
    "You are at band 7.",
    "You deserve full marks.",
    "That is a mark of 8.",
    "Your score is high.",
    "Em được 9 điểm.",
    "Bài này đạt điểm 10.",
    "Điểm số của em rất cao.",
)


def _remark(text: str) -> dict[str, str]:
    return {"criterion": "grammar", "text": text, "quote": ""}


def _saying(call: Call, **feedback: Any) -> Script:
    form = evidence_on(call)
    form["feedback"] |= feedback
    return Answer(json.dumps(form))


@pytest.mark.parametrize("score", SCORES)
def test_nobody_is_told_of_a_score(
    score: str, provider: Provider, listener: Listener, case: Read
) -> None:
    good = "Look at your verbs again."

    def choose(call: Call) -> Script:
        quote = sentences(shown(call))[1]
        return _saying(
            call,
            strengths=[_remark(score)],
            to_work_on=[_remark(score), _remark(good)],
            rewrites=[
                {"quote": quote, "rewrite": "It reads better so.", "reason": score},
                {"quote": quote, "rewrite": score, "reason": "It is better."},
            ],
        )

    provider.chat.choose = choose
    feedback = listener.grade(case("traffic-b2-essay").work).feedback
    assert feedback is not None
    assert score not in repr(feedback)
    assert [remark.text for remark in feedback.to_work_on] == [good]
    assert feedback.rewrites == ()


def test_where_nothing_may_be_told_the_codes_own_feedback_is_given(
    provider: Provider, listener: Listener, case: Read
) -> None:
    provider.chat.choose = lambda call: _saying(
        call, strengths=[_remark(SCORES[0])], to_work_on=[_remark(SCORES[1])]
    )
    feedback = listener.grade(case("traffic-b2-essay").work).feedback
    assert feedback is not None
    assert feedback.to_work_on
    assert all(score not in repr(feedback) for score in SCORES)


def _support(result: GradingResult) -> float:
    assert result.confidence is not None
    [factor] = [
        factor
        for factor in result.confidence.factors
        if factor.factor is ConfidenceFactor.EVIDENCE_SUPPORT
    ]
    return float(factor.value)


def test_made_up_quotes_are_dropped_and_cost_confidence(
    provider: Provider, listener: Listener, case: Read
) -> None:
    invented = "Flying cars will rescue our towns"
    work = case("traffic-b2-essay").work
    honest = listener.grade(work)
    assert _support(honest) == 100
    found = []
    for number in (2, 6):

        def choose(call: Call, made_up: int = number) -> Script:
            form = evidence_on(call)
            form["apt_phrases"] += [f"{invented} {at}" for at in range(made_up)]
            form["feedback"]["rewrites"] += [
                {"quote": invented, "rewrite": "They will.", "reason": "It is shorter."}
            ]
            form["feedback"]["to_work_on"][0]["quote"] = invented
            return Answer(json.dumps(form))

        provider.chat.choose = choose
        result = listener.grade(work)
        assert invented not in repr(result)
        assert [item.score for item in result.criteria] == [item.score for item in honest.criteria]
        found.append(result)
    few, many = found
    assert 100 > _support(few) > _support(many)
    assert honest.confidence is not None
    assert few.confidence is not None
    assert many.confidence is not None
    assert honest.confidence.value > few.confidence.value > many.confidence.value


def test_every_quote_stands_where_it_says(
    provider: Provider, listener: Listener, case: Read
) -> None:
    work = case("library-c1-letter").work
    result = listener.grade(work)
    assert result.provenance.grader == "llm-writing"
    assert result.feedback is not None
    quotes = [
        quote
        for criterion in result.criteria
        for evidence in criterion.evidence
        for quote in evidence.quotes
    ]
    quotes += [quote for remark in result.feedback.strengths for quote in remark.quotes]
    quotes += [rewrite.quote for rewrite in result.feedback.rewrites if rewrite.quote is not None]
    assert len(result.feedback.rewrites) == 1
    assert len(quotes) > 10
    for quote in quotes:
        assert work.text[quote.start : quote.end] == quote.text
