"""The span of one call to a provider: what was called and what came of it, and no text."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from grading import tracing
from grading.domain.usage import Usage
from workers.providers.asked_model import AskedModel
from workers.providers.faults import ProviderFault

#: The outcome of a call that gave a usable answer, and of one that was stopped from here.
ANSWERED, STOPPED = "answered", "stopped"


@contextmanager
def provider_call(model: AskedModel[Any], stage: str) -> Iterator[Callable[[str, Usage], None]]:
    """A span around a call; gives what is to be told of its answer: who gave it, for what."""
    attributes = {
        "server.address": model.provider,
        "gen_ai.request.model": model.model,
        "vstep.stage": stage,
    }
    with tracing.span("provider call", attributes, kind=SpanKind.CLIENT) as span:

        def tell(answered_by: str, usage: Usage) -> None:
            if span.is_recording():
                span.set_attribute("gen_ai.response.model", answered_by)
                _tell_usage(span, usage, model.cost(usage))

        try:
            yield tell
        except ProviderFault as fault:
            span.set_attribute("vstep.outcome", fault.code)
            span.set_status(Status(StatusCode.ERROR))
            if fault.usage is not None:
                _tell_usage(span, fault.usage, model.cost(fault.usage))
            raise
        except asyncio.CancelledError:
            span.set_attribute("vstep.outcome", STOPPED)
            raise
        span.set_attribute("vstep.outcome", ANSWERED)


def _tell_usage(span: Span, usage: Usage, cost: Decimal | None) -> None:
    span.set_attribute("gen_ai.usage.input_tokens", usage.prompt)
    span.set_attribute("gen_ai.usage.output_tokens", usage.completion)
    span.set_attribute("vstep.cached_tokens", usage.cached)
    if usage.audio_seconds:
        span.set_attribute("vstep.audio_seconds", usage.audio_seconds)
    if cost is not None:
        span.set_attribute("vstep.cost_usd", float(cost))
