"""Every way in which a provider fails, and what the service must make of it."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.integration.providers.desk import ASKED, ESSAY, KEY, SAID
from tests.stack.evidence import evidence_on
from tests.stack.provider import broken, errors
from tests.stack.provider.answers import Answer, cut_off, filtered, refusal
from tests.stack.provider.call import Call
from tests.stack.provider.dead_ports import accepting_nothing, refusing
from tests.stack.provider.exchange import Script
from tests.stack.provider.faults import Dropped, Moment, Silence, Trickle
from workers.providers import faults
from workers.providers.faults import ProviderFault

#: An error that quotes all that a provider knows and nobody else may hear of.
TELLTALE = f"{ASKED}: {ESSAY} {SAID} {KEY}"

Ways = Callable[[Call], Script]


@dataclass(frozen=True)
class FaultCase:
    """One fault."""

    name: str
    fault: type[ProviderFault]
    #: What the provider does with each request; None for one that can't be reached.
    play: Ways | None = None
    #: Where nobody answers.
    nowhere: Callable[[], AbstractContextManager[str]] | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    #: Bounds of the first wait, in seconds, where the provider asks for one.
    wait: tuple[float, float] | None = None

    @property
    def requests(self) -> int:
        """How many requests arrive for one call."""
        return 0 if self.nowhere else 1


def always(script: Script) -> Ways:
    """Do the same with every request."""
    return lambda _: script


def said(content: str, **more: Any) -> Ways:
    """Answer every request with this."""
    return always(Answer(content, **more))


def _in_forty_seconds(call: Call) -> Script:
    return errors.rate_limited(retry_at=datetime.now(UTC) + timedelta(seconds=40))


def _retry_after(value: str) -> Script:
    return errors.error(429, TELLTALE, "requests", headers=[("Retry-After", value)])


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
    # What the provider says of itself.
    FaultCase("429", faults.RateLimited, always(errors.rate_limited())),
    FaultCase(
        "429 for seconds",
        faults.RateLimited,
        always(errors.rate_limited(retry_after=17)),
        wait=(17, 17),
    ),
    FaultCase("429 until a date", faults.RateLimited, _in_forty_seconds, wait=(37, 40)),
    FaultCase(
        "429 for milliseconds",
        faults.RateLimited,
        always(errors.rate_limited(retry_after_ms=2500)),
        wait=(2.5, 2.5),
    ),
    FaultCase(
        "429 for longer than the cap",
        faults.RateLimited,
        always(errors.rate_limited(retry_after=9000)),
        wait=(300, 300),
    ),
    FaultCase("429 for ever", faults.RateLimited, always(_retry_after("1e999")), wait=(300, 300)),
    FaultCase(
        "429 for a hair's breadth", faults.RateLimited, always(_retry_after("-3")), wait=(0, 0)
    ),
    FaultCase("429 for nobody knows what", faults.RateLimited, always(_retry_after("nan"))),
    FaultCase("429 until a date that is none", faults.RateLimited, always(_retry_after("Soon"))),
    FaultCase("500", faults.ServerFault, always(errors.server_error())),
    FaultCase("502 with a page", faults.ServerFault, always(errors.bad_gateway())),
    FaultCase(
        "503 for seconds",
        faults.ServerFault,
        always(errors.overloaded(retry_after=11)),
        wait=(11, 11),
    ),
    FaultCase("500 that quotes", faults.ServerFault, always(errors.error(500, TELLTALE, TELLTALE))),
    FaultCase("408", faults.ServerFault, always(errors.request_timeout())),
    FaultCase("409", faults.ServerFault, always(errors.conflict())),
    FaultCase("out of money", faults.QuotaSpent, always(errors.insufficient_quota())),
    FaultCase("401", faults.KeyRefused, always(errors.error(401, f"Bad key {KEY}", KEY, KEY))),
    FaultCase("403", faults.KeyRefused, always(errors.forbidden())),
    FaultCase("404", faults.ModelUnknown, always(errors.model_not_found())),
    FaultCase("no such path", faults.ModelUnknown, always(errors.unknown_url("POST", "/"))),
    FaultCase("400", faults.RequestRefused, always(errors.invalid_request())),
    FaultCase("422", faults.RequestRefused, always(errors.unprocessable())),
    FaultCase(
        "400 that quotes", faults.RequestRefused, always(errors.error(400, TELLTALE, TELLTALE))
    ),
    FaultCase("the prompt is filtered", faults.ContentFiltered, always(errors.prompt_filtered())),
    # What happens to the connection.
    FaultCase(
        "no connection",
        faults.ConnectTimedOut,
        nowhere=accepting_nothing,
        settings={"openai_connect_timeout_seconds": 0.2},
    ),
    FaultCase("nobody listens", faults.ConnectionFailed, nowhere=refusing),
    FaultCase(
        "silence",
        faults.ReadTimedOut,
        always(Silence()),
        settings={"openai_read_timeout_seconds": 0.2},
    ),
    FaultCase(
        "a trickle",
        faults.CallTimedOut,
        always(Trickle(every=0.05)),
        settings={"openai_read_timeout_seconds": 0.2, "openai_call_timeout_seconds": 0.4},
    ),
    FaultCase("dropped", faults.ConnectionFailed, always(Dropped())),
    FaultCase("reset", faults.ConnectionFailed, always(Dropped(reset=True))),
    FaultCase("dropped in the body", faults.ConnectionFailed, always(Dropped(Moment.IN_BODY))),
    FaultCase(
        "reset in the body", faults.ConnectionFailed, always(Dropped(Moment.IN_BODY, reset=True))
    ),
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
    FaultCase(
        "a page", faults.ResponseMalformed, always(broken.not_json(content_type="text/html"))
    ),
    FaultCase("not JSON", faults.ResponseMalformed, always(broken.not_json(TELLTALE.encode()))),
    FaultCase("not UTF-8", faults.ResponseMalformed, always(broken.not_json(b'{"a": "\xff\xfe"}'))),
    *(
        FaultCase(f"JSON: {shape}", faults.ResponseMalformed, always(broken.other_json(shape)))
        for shape in _SHAPES
    ),
)

RETRYABLE = tuple(case for case in FAULTS if case.fault.retryable)
FINAL = tuple(case for case in FAULTS if not case.fault.retryable)
