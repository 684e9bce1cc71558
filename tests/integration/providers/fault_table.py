"""Every way in which a model that gives evidence fails, and what the service must make of it."""

import json
from typing import Any

from tests.integration.providers.desk import ESSAY
from tests.integration.providers.job_desk import SAID
from tests.integration.providers.wire_faults import WIRE_FAULTS, FaultCase, Ways, always
from tests.stack.evidence import evidence_on
from tests.stack.provider import broken
from tests.stack.provider.answers import Answer, cut_off, filtered, refusal
from tests.stack.provider.call import Call
from tests.stack.provider.exchange import Script
from workers.providers import faults


def said(content: str, **more: Any) -> Ways:
    """Answer every request with this."""
    return always(Answer(content, **more))


def _with_another_key(call: Call) -> Script:
    return Answer(json.dumps(evidence_on(call) | {SAID: SAID}))


def _with_a_wrong_word(call: Call) -> Script:
    return Answer(json.dumps(evidence_on(call, sense=SAID)))


def _with_a_score(call: Call) -> Script:
    return Answer(json.dumps(evidence_on(call) | {"overall": 10}))


def _made_up(call: Call) -> Script:
    quotes = [f"The {SAID} number {number} are mine" for number in range(12)]
    return Answer(
        json.dumps(
            evidence_on(
                call,
                apt_phrases=quotes,
                moves=[{"move": "example", "quote": quote} for quote in quotes],
            )
        )
    )


#: JSON that is no completion.
_SHAPES: tuple[Any, ...] = (
    None,
    17,
    SAID,
    [SAID],
    {"choices": SAID},
    {"choices": 3},
    {"choices": [None]},
    {"choices": [SAID]},
    {"choices": [{}]},
    {"choices": [{"message": None}]},
    {"choices": [{"message": SAID}]},
    {"choices": [{"message": {"content": 5}}]},
    {"choices": [{"message": {"content": [SAID]}}]},
)

FAULTS = (
    *WIRE_FAULTS,
    # What the model says.
    FaultCase("cut off", faults.AnswerCutShort, always(cut_off(f'{{"{SAID}": "'))),
    FaultCase("refusal", faults.ModelRefused, always(refusal(f"No {SAID}, {ESSAY}"))),
    FaultCase("the answer is filtered", faults.ContentFiltered, always(filtered(SAID))),
    FaultCase("no JSON", faults.AnswerNotJson, said(f"Here are the {SAID}: {ESSAY}")),
    FaultCase("JSON that does not end", faults.AnswerNotJson, said("[" * 100_000)),
    FaultCase("another form", faults.AnswerBreaksSchema, said(json.dumps({SAID: ESSAY}))),
    FaultCase("no object", faults.AnswerBreaksSchema, said(json.dumps([SAID]))),
    FaultCase("a key too many", faults.AnswerBreaksSchema, _with_another_key),
    FaultCase("a score", faults.AnswerBreaksSchema, _with_a_score),
    FaultCase("a word of its own", faults.AnswerBreaksSchema, _with_a_wrong_word),
    FaultCase("made up", faults.AnswerUnfounded, _made_up),
    # What is no answer of the API at all.
    FaultCase("no choices", faults.ResponseMalformed, always(broken.without_choices())),
    FaultCase("empty choices", faults.ResponseMalformed, always(broken.with_empty_choices())),
    FaultCase("no content", faults.ResponseMalformed, always(broken.without_content())),
    FaultCase("blank content", faults.ResponseMalformed, said(" \n ")),
    *(
        FaultCase(f"JSON: {shape}", faults.ResponseMalformed, always(broken.other_json(shape)))
        for shape in _SHAPES
    ),
)

RETRYABLE = tuple(case for case in FAULTS if case.fault.retryable)
FINAL = tuple(case for case in FAULTS if not case.fault.retryable)
