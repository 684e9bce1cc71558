"""Makes a span of each call that answers once, and places streams in their callers' traces."""

from collections.abc import AsyncIterator
from typing import Any

from grpc import aio
from opentelemetry.context import attach
from opentelemetry.instrumentation.grpc import aio_server_interceptor

from grading.tracing import context_of_headers, tracer_provider
from server.interceptors.wrapping import ServerStream, Unary, WrappingInterceptor
from vstep.grading.v1 import grading_service_pb2

_CONTRACT = "/vstep.grading.v1."
#: A span that lasts as long as a stream does would be sent when nobody looks for it any more.
_STREAMS = frozenset(
    f"/{service.full_name}/{method.name}"
    for service in grading_service_pb2.DESCRIPTOR.services_by_name.values()
    for method in service.methods
    if method.server_streaming
)


def call_tracing() -> list[aio.ServerInterceptor]:
    """The interceptors that trace calls; none where tracing is off."""
    provider = tracer_provider()
    if provider is None:
        return []
    return [aio_server_interceptor(provider, lambda call: has_a_span(call.method)), StreamPlacing()]


def has_a_span(method: str) -> bool:
    """Whether calls of a method have spans. Probes of the health ask every few seconds."""
    return method.startswith(_CONTRACT) and method not in _STREAMS


class StreamPlacing(WrappingInterceptor):
    """Lets what a stream's handler logs and links bear the ids of its caller's trace."""

    def unary(self, method: str, behavior: Unary) -> Unary:
        return behavior

    def server_stream(self, method: str, behavior: ServerStream) -> ServerStream:
        if method not in _STREAMS:
            return behavior

        async def placed(
            request: Any, context: aio.ServicerContext[Any, Any]
        ) -> AsyncIterator[Any]:
            headers = {
                key: value
                for key, value in context.invocation_metadata() or ()
                if isinstance(value, str)
            }
            # Never detached: the call has a task of its own, and its context ends with it.
            attach(context_of_headers(headers))
            async for message in behavior(request, context):
                yield message

        return placed
