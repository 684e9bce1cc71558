"""Counts calls, and measures how long they take, by method."""

import time
from collections.abc import AsyncIterator
from typing import Any

import grpc
from grpc import aio
from prometheus_client import Counter

from server import metrics
from server.interceptors.call_code import code_name
from server.interceptors.wrapping import ServerStream, Unary, WrappingInterceptor


def label_of(method: str) -> str:
    """A method as metrics name it: without its package."""
    return method.rpartition(".")[2]


class CallMetrics(WrappingInterceptor):
    """Tells Prometheus of calls. Only methods that exist have series of their own."""

    def unary(self, method: str, behavior: Unary) -> Unary:
        ended = _Ends(method)
        seconds = metrics.CALL_SECONDS.labels(label_of(method))

        async def measured(request: Any, context: aio.ServicerContext[Any, Any]) -> Any:
            started = time.perf_counter()
            try:
                return await behavior(request, context)
            finally:
                seconds.observe(time.perf_counter() - started)
                ended.count(context)

        return measured

    def server_stream(self, method: str, behavior: ServerStream) -> ServerStream:
        ended = _Ends(method)
        label = label_of(method)
        seconds = metrics.STREAM_SECONDS.labels(label)
        is_open = metrics.STREAMS_OPEN.labels(label)
        sent = metrics.MESSAGES_SENT.labels(label)

        async def measured(
            request: Any, context: aio.ServicerContext[Any, Any]
        ) -> AsyncIterator[Any]:
            started = time.perf_counter()
            is_open.inc()
            try:
                async for message in behavior(request, context):
                    yield message
                    sent.inc()
            finally:
                is_open.dec()
                seconds.observe(time.perf_counter() - started)
                ended.count(context)

        return measured


class _Ends:
    """The ends of a method's calls, by status code."""

    def __init__(self, method: str) -> None:
        self._method = label_of(method)
        # A rate needs a value before the first fault.
        self._counters: dict[str, Counter] = {
            code.name: metrics.CALLS.labels(self._method, code.name)
            for code in (grpc.StatusCode.OK, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE)
        }

    def count(self, context: aio.ServicerContext[Any, Any]) -> None:
        """Count the end of a call."""
        code = code_name(context)
        counter = self._counters.get(code)
        if counter is None:
            counter = self._counters[code] = metrics.CALLS.labels(self._method, code)
        counter.inc()
