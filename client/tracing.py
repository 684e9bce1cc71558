"""Lets the service's spans belong to the trace of who calls it.

A caller that traces by OpenTelemetry, in whichever way it set that up, has a span for each call
that answers once. Streams have none, since they may last for hours; they only bear its context.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import grpc
from opentelemetry.instrumentation.grpc import client_interceptor
from opentelemetry.instrumentation.grpc.grpcext import intercept_channel
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR = TraceContextTextMapPropagator()


def traced(channel: grpc.Channel) -> grpc.Channel:
    """``channel``, with the caller's trace in each call's metadata."""
    placed = grpc.intercept_channel(channel, _StreamPlacing())
    interceptor = client_interceptor(filter_=_has_a_span)
    return cast(grpc.Channel, intercept_channel(placed, interceptor))


def _has_a_span(call: Any) -> bool:
    return not getattr(call, "is_server_stream", False)


class _Details(NamedTuple):
    method: str
    timeout: float | None
    metadata: Any
    credentials: Any
    wait_for_ready: Any
    compression: Any


class _StreamPlacing(grpc.UnaryStreamClientInterceptor):
    """Puts the current span's ``traceparent`` into a stream's metadata."""

    def intercept_unary_stream(
        self, continuation: Callable[..., Any], client_call_details: Any, request: Any
    ) -> Any:
        """Begin the stream."""
        headers: dict[str, str] = {}
        _PROPAGATOR.inject(headers)
        if not headers:
            return continuation(client_call_details, request)
        details = _Details(
            client_call_details.method,
            client_call_details.timeout,
            [*(client_call_details.metadata or ()), *headers.items()],
            client_call_details.credentials,
            client_call_details.wait_for_ready,
            client_call_details.compression,
        )
        return continuation(details, request)
