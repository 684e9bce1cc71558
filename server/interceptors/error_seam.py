"""Ends a call with the status that ``server.errors`` gives an exception."""

from collections.abc import AsyncIterator
from typing import Any

from grpc import aio

from server.errors import DETAILS_KEY, refusal_of
from server.interceptors.call_metrics import label_of
from server.interceptors.wrapping import ServerStream, Unary, WrappingInterceptor
from server.metrics import REFUSALS
from vstep.grading.v1.error_pb2 import ErrorReason


async def _refuse(method: str, context: aio.ServicerContext[Any, Any], error: Exception) -> None:
    refusal = refusal_of(error)
    REFUSALS.labels(label_of(method), ErrorReason.Name(refusal.reason)).inc()
    trailing = (*(context.trailing_metadata() or ()), (DETAILS_KEY, refusal.details()))
    await context.abort(refusal.code, refusal.message, trailing)


class ErrorSeam(WrappingInterceptor):
    """Lets nothing but a status through.

    ``CancelledError`` is no ``Exception`` and passes: a handler that swallows it
    leaves its call hanging (grpc #43360). So does gRPC's own ``AbortError``.
    """

    def unary(self, method: str, behavior: Unary) -> Unary:
        async def guarded(request: Any, context: aio.ServicerContext[Any, Any]) -> Any:
            try:
                return await behavior(request, context)
            except aio.AbortError:
                raise
            except Exception as error:
                await _refuse(method, context, error)

        return guarded

    def server_stream(self, method: str, behavior: ServerStream) -> ServerStream:
        async def guarded(
            request: Any, context: aio.ServicerContext[Any, Any]
        ) -> AsyncIterator[Any]:
            try:
                async for message in behavior(request, context):
                    yield message
            except aio.AbortError:
                raise
            except Exception as error:
                await _refuse(method, context, error)

        return guarded
