"""Refuses callers who call too often."""

from collections.abc import AsyncIterator
from typing import Any

from grpc import aio

from server.calling import current_caller
from server.interceptors.wrapping import ServerStream, Unary, WrappingInterceptor
from server.rates import CallRate


class CallRateLimit(WrappingInterceptor):
    """Counts each call of a caller who was let in; a stream is one call, however long."""

    def __init__(self, rate: CallRate | None) -> None:
        super().__init__()
        self._rate = rate

    def unary(self, method: str, behavior: Unary) -> Unary:
        rate = self._rate
        if rate is None:
            return behavior

        async def counted(request: Any, context: aio.ServicerContext[Any, Any]) -> Any:
            await rate.admit(current_caller())
            return await behavior(request, context)

        return counted

    def server_stream(self, method: str, behavior: ServerStream) -> ServerStream:
        rate = self._rate
        if rate is None:
            return behavior

        async def counted(
            request: Any, context: aio.ServicerContext[Any, Any]
        ) -> AsyncIterator[Any]:
            await rate.admit(current_caller())
            async for message in behavior(request, context):
                yield message

        return counted
