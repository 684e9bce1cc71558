"""One log line for each call when it ends: method, code, duration."""

import time
from collections.abc import AsyncIterator
from typing import Any

import structlog
from grpc import aio

from server.interceptors.call_code import code_name
from server.interceptors.wrapping import ServerStream, Unary, WrappingInterceptor

_log = structlog.get_logger(__name__)

#: Probes ask every few seconds; their lines would bury the others.
_QUIET = "/grpc.health.v1.Health/"


class AccessLog(WrappingInterceptor):
    """Logs calls; nothing of a request or an answer is in the line."""

    def unary(self, method: str, behavior: Unary) -> Unary:
        async def logged(request: Any, context: aio.ServicerContext[Any, Any]) -> Any:
            started = time.perf_counter()
            peer = context.peer()
            try:
                return await behavior(request, context)
            finally:
                _write(method, context, peer, started)

        return logged

    def server_stream(self, method: str, behavior: ServerStream) -> ServerStream:
        async def logged(
            request: Any, context: aio.ServicerContext[Any, Any]
        ) -> AsyncIterator[Any]:
            started = time.perf_counter()
            # Asked for now: once the client has cancelled, the call may be gone
            # when the generator is closed, and peer() then reads freed memory.
            peer = context.peer()
            sent = 0
            try:
                async for message in behavior(request, context):
                    yield message
                    sent += 1
            finally:
                _write(method, context, peer, started, messages=sent)

        return logged


def _write(
    method: str,
    context: aio.ServicerContext[Any, Any],
    peer: str,
    started: float,
    **fields: int,
) -> None:
    if method.startswith(_QUIET):
        return
    milliseconds = round((time.perf_counter() - started) * 1000, 2)
    _log.info("call", method=method, code=code_name(context), ms=milliseconds, peer=peer, **fields)
