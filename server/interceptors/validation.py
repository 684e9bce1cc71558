"""Parses each request and checks the rules that stand in its fields."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, Any

import grpc
import protovalidate
from google.protobuf.message import Message
from grpc import aio
from structlog.contextvars import bind_contextvars

from grading.exceptions import GradingError
from server.exceptions import (
    CallTooLong,
    FieldViolation,
    InvalidRequest,
    MalformedRequest,
    MessageTooLarge,
)
from server.interceptors.wrapping import ServerStream, Unary, WrappingInterceptor
from server.malformed import parse
from server.transport import MAX_MESSAGE_BYTES

if TYPE_CHECKING:
    from server.interceptors.wrapping import Handler

#: How long a call's message may take to come, in seconds.
MESSAGE_SECONDS = 30.0
#: How long it may take to learn that a client is gone, in seconds.
_ENDED_SECONDS = 0.05
#: A name of an entry of a map that may be said again; any other may hold whatever was sent.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


def check(request: Message) -> None:
    """Check a request against the rules of its fields.

    Raises:
        InvalidRequest: it breaks one; all that it breaks are named.
    """
    found = protovalidate.collect_violations(request)
    if found:
        raise InvalidRequest([_violation(request.DESCRIPTOR, fault.proto) for fault in found])


def _violation(descriptor: Any, fault: Any) -> FieldViolation:
    path = ""
    enum: Any = None
    inner: Any = descriptor
    for element in fault.field.elements:
        path += f".{element.field_name}" if path else element.field_name
        if element.subscript is not None and element.subscript.field == "index":
            path += f"[{element.subscript.value}]"
        elif element.subscript is not None and _NAME.fullmatch(str(element.subscript.value)):
            path += f'["{element.subscript.value}"]'
        field = inner.fields_by_name.get(element.field_name) if inner else None
        if field is not None:
            inner, enum = field.message_type, field.enum_type
    if fault.rule_id.startswith("enum.") and enum is not None:
        names = ", ".join(value.name for value in enum.values if value.number)
        return FieldViolation(path, f"must be one of {names}")
    return FieldViolation(path, fault.message)


class Validation(WrappingInterceptor):
    """Handlers see messages that keep the contract's rules, and no others.

    grpc.aio gives a call that ends without its message no status, and leaves one open for ever
    whose message doesn't come to its end. So each method is served as one that reads a stream,
    which on the wire is the same, and the first message is waited for here: of callers who were
    let in, and not for long.
    """

    def _wrap(self, method: str, handler: Any) -> Handler:
        parse_or_fault = partial(_parse_or_fault, handler.request_deserializer.__self__)
        if handler.response_streaming:
            stream = (
                self.both_streams(method, handler.stream_stream)
                if handler.request_streaming
                else self.server_stream(method, handler.unary_stream)
            )
            return grpc.stream_stream_rpc_method_handler(
                stream, parse_or_fault, handler.response_serializer
            )
        once = (
            self.client_stream(method, handler.stream_unary)
            if handler.request_streaming
            else self.unary(method, handler.unary_unary)
        )
        return grpc.stream_unary_rpc_method_handler(
            once, parse_or_fault, handler.response_serializer
        )

    def unary(self, method: str, behavior: Unary) -> Unary:
        async def checked(
            requests: AsyncIterator[Any], context: aio.ServicerContext[Any, Any]
        ) -> Any:
            return await behavior(await _only(requests), context)

        return checked

    def client_stream(self, method: str, behavior: Unary) -> Unary:
        async def checked(
            requests: AsyncIterator[Any], context: aio.ServicerContext[Any, Any]
        ) -> Any:
            return await behavior(_accepted(requests), context)

        return checked

    def server_stream(self, method: str, behavior: ServerStream) -> ServerStream:
        async def checked(
            requests: AsyncIterator[Any], context: aio.ServicerContext[Any, Any]
        ) -> AsyncIterator[Any]:
            async for message in behavior(await _only(requests), context):
                yield message

        return checked

    def both_streams(self, method: str, behavior: ServerStream) -> ServerStream:
        async def checked(
            requests: AsyncIterator[Any], context: aio.ServicerContext[Any, Any]
        ) -> AsyncIterator[Any]:
            async for message in behavior(_accepted(requests), context):
                yield message

        return checked


def _parse_or_fault(kind: type[Message], data: bytes) -> Message | GradingError:
    if len(data) > MAX_MESSAGE_BYTES:
        return MessageTooLarge(len(data), MAX_MESSAGE_BYTES)
    try:
        return parse(kind, data)
    except MalformedRequest as fault:
        return fault


async def _only(requests: AsyncIterator[Any]) -> Any:
    try:
        async with asyncio.timeout(MESSAGE_SECONDS):
            request = await anext(aiter(requests), None)
    except TimeoutError:
        raise CallTooLong(MESSAGE_SECONDS) from None
    if request is None:
        # A call that broke off looks like one that ended, until gRPC cancels it a moment later.
        await asyncio.sleep(_ENDED_SECONDS)
        raise MalformedRequest(None)
    _accept(request)
    return request


async def _accepted(requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for request in requests:
        _accept(request)
        yield request


def _accept(request: Message | GradingError) -> None:
    if isinstance(request, GradingError):
        raise request
    check(request)
    # From here on it is a UUID, and no longer whatever a client may send.
    if job_id := getattr(request, "job_id", ""):
        bind_contextvars(job_id=job_id)
