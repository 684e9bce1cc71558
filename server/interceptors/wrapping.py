"""An interceptor that wraps each method's handler, once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import grpc
from grpc import aio

if TYPE_CHECKING:
    Handler: TypeAlias = grpc.RpcMethodHandler[Any, Any]

#: The shapes of methods. One that reads a stream is called as the one that answers likewise and
#: reads once, with an iterator in the request's place.
Unary = Callable[[Any, aio.ServicerContext[Any, Any]], Awaitable[Any]]
ServerStream = Callable[[Any, aio.ServicerContext[Any, Any]], AsyncIterator[Any]]


class WrappingInterceptor(aio.ServerInterceptor, ABC):
    """Keeps the wrapped handlers: an interceptor is asked anew for every call."""

    def __init__(self) -> None:
        self._wrapped: dict[str, Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Hand out the wrapped handler of the method that is called."""
        method = handler_call_details.method
        wrapped = self._wrapped.get(method)
        if wrapped is None:
            handler = await continuation(handler_call_details)
            if handler is None:  # no such method: gRPC answers UNIMPLEMENTED
                return None
            wrapped = self._wrapped[method] = self._wrap(method, handler)
        return wrapped

    def _wrap(self, method: str, handler: Any) -> Handler:
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
        if handler.stream_unary is not None:
            return grpc.stream_unary_rpc_method_handler(
                self.client_stream(method, handler.stream_unary),
                self.deserializer(method, handler.request_deserializer),
                handler.response_serializer,
            )
        return grpc.stream_stream_rpc_method_handler(
            self.both_streams(method, handler.stream_stream),
            self.deserializer(method, handler.request_deserializer),
            handler.response_serializer,
        )

    @abstractmethod
    def unary(self, method: str, behavior: Unary) -> Unary:
        """Wrap a method that answers once."""

    @abstractmethod
    def server_stream(self, method: str, behavior: ServerStream) -> ServerStream:
        """Wrap a method that answers with a stream."""

    def client_stream(self, method: str, behavior: Unary) -> Unary:
        """Wrap a method that reads a stream and answers once; here: as one that reads once."""
        return self.unary(method, behavior)

    def both_streams(self, method: str, behavior: ServerStream) -> ServerStream:
        """Wrap a method that reads a stream and answers with one; here: as one that reads once."""
        return self.server_stream(method, behavior)

    def deserializer(self, method: str, parse: Any) -> Any:
        """Replace what turns the request's bytes into a message; here: keep it."""
        return parse
