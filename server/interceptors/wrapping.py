"""An interceptor that wraps each method's handler, once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
from grpc import aio

#: The two shapes of this service's methods.
Unary = Callable[[Any, aio.ServicerContext[Any, Any]], Awaitable[Any]]
ServerStream = Callable[[Any, aio.ServicerContext[Any, Any]], AsyncIterator[Any]]


class WrappingInterceptor(aio.ServerInterceptor, ABC):
    """Keeps the wrapped handlers: an interceptor is asked anew for every call."""

    def __init__(self) -> None:
        self._wrapped: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    async def intercept_service(
        self,
        continuation: Callable[
            [grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any]]
        ],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any]:
        """Hand out the wrapped handler of the method that is called."""
        method = handler_call_details.method
        wrapped = self._wrapped.get(method)
        if wrapped is None:
            handler = await continuation(handler_call_details)
            if handler is None:  # no such method: gRPC answers UNIMPLEMENTED
                return handler
            wrapped = self._wrapped[method] = self._wrap(method, handler)
        return wrapped

    def _wrap(
        self, method: str, handler: grpc.RpcMethodHandler[Any, Any]
    ) -> grpc.RpcMethodHandler[Any, Any]:
        if handler.unary_unary is not None:
            return grpc.unary_unary_rpc_method_handler(
                self.unary(method, handler.unary_unary),
                self.deserializer(method, handler.request_deserializer),
                handler.response_serializer,
            )
        if handler.unary_stream is not None:
            return grpc.unary_stream_rpc_method_handler(
                self.server_stream(method, handler.unary_stream),
                self.deserializer(method, handler.request_deserializer),
                handler.response_serializer,
            )
        return handler

    @abstractmethod
    def unary(self, method: str, behavior: Unary) -> Unary:
        """Wrap a method that answers once."""

    @abstractmethod
    def server_stream(self, method: str, behavior: ServerStream) -> ServerStream:
        """Wrap a method that answers with a stream."""

    def deserializer(self, method: str, parse: Any) -> Any:
        """Replace what turns the request's bytes into a message; here: keep it."""
        return parse
