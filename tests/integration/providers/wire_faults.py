"""Every way in which a provider fails before it answers, whatever it is asked for."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.integration.providers.desk import ESSAY
from tests.integration.providers.job_desk import ASKED, KEY, SAID
from tests.stack.provider import broken, errors
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
    #: The limits of time that it passes, in seconds.
    limits: dict[str, float] = field(default_factory=dict)
    #: Bounds of the first wait, in seconds, where the provider asks for one.
    wait: tuple[float, float] | None = None

    @property
    def requests(self) -> int:
        """How many requests arrive for one call."""
        return 0 if self.nowhere else 1

    def settings(self, prefix: str) -> dict[str, Any]:
        """The settings of those limits, for a provider whose settings begin with ``prefix``."""
        return {f"{prefix}_{name}_timeout_seconds": at for name, at in self.limits.items()}


def always(script: Script) -> Ways:
    """Do the same with every request."""
    return lambda _: script


def _in_forty_seconds(call: Call) -> Script:
    return errors.rate_limited(retry_at=datetime.now(UTC) + timedelta(seconds=40))


def _retry_after(value: str) -> Script:
    return errors.error(429, TELLTALE, "requests", headers=[("Retry-After", value)])


WIRE_FAULTS = (
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
        limits={"connect": 0.2},
    ),
    FaultCase("nobody listens", faults.ConnectionFailed, nowhere=refusing),
    FaultCase(
        "silence",
        faults.ReadTimedOut,
        always(Silence()),
        limits={"read": 0.2},
    ),
    FaultCase(
        "a trickle",
        faults.CallTimedOut,
        always(Trickle(every=0.05)),
        limits={"read": 0.2, "call": 0.4},
    ),
    FaultCase("dropped", faults.ConnectionFailed, always(Dropped())),
    FaultCase("reset", faults.ConnectionFailed, always(Dropped(reset=True))),
    FaultCase("dropped in the body", faults.ConnectionFailed, always(Dropped(Moment.IN_BODY))),
    FaultCase(
        "reset in the body", faults.ConnectionFailed, always(Dropped(Moment.IN_BODY, reset=True))
    ),
    # What is no response of the API at all.
    FaultCase(
        "a page", faults.ResponseMalformed, always(broken.not_json(content_type="text/html"))
    ),
    FaultCase("not JSON", faults.ResponseMalformed, always(broken.not_json(TELLTALE.encode()))),
    FaultCase("not UTF-8", faults.ResponseMalformed, always(broken.not_json(b'{"a": "\xff\xfe"}'))),
)
