"""Ends calls whose callers set no deadline, and would wait for ever where something hangs."""

import asyncio
from typing import Any

from grpc import aio

from server.exceptions import CallTooLong
from server.interceptors.open_streams import UPLOADS, WAITS
from server.interceptors.wrapping import ServerStream, Unary, WrappingInterceptor

#: The longest that ``WaitJob`` may be asked to wait, in seconds.
_LONGEST_WAIT = 300.0


class TimeLimit(WrappingInterceptor):
    """Gives a deadline to calls that bring none. gRPC sees to those that do, streams to their age.

    A stream of answers is not bounded here: it has an age of its own.
    """

    def __init__(self, call_seconds: float, upload_seconds: float) -> None:
        super().__init__()
        self._call_seconds = call_seconds
        self._upload_seconds = upload_seconds

    def unary(self, method: str, behavior: Unary) -> Unary:
        if method in UPLOADS:
            return _within(self._upload_seconds, behavior)
        return _within(self._call_seconds + (_LONGEST_WAIT if method in WAITS else 0), behavior)

    def server_stream(self, method: str, behavior: ServerStream) -> ServerStream:
        return behavior


def _within(seconds: float, behavior: Unary) -> Unary:
    async def limited(request: Any, context: aio.ServicerContext[Any, Any]) -> Any:
        if context.time_remaining() is not None:
            return await behavior(request, context)
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                return await behavior(request, context)
        except TimeoutError:
            if not limit.expired():
                raise
            raise CallTooLong(seconds) from None

    return limited
