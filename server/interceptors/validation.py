"""Parses each request of the contract and checks the rules that stand in its fields."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import protovalidate
from google.protobuf.message import Message
from grpc import aio
from structlog.contextvars import bind_contextvars

from server.exceptions import FieldViolation, InvalidRequest, MalformedRequest
from server.interceptors.wrapping import ServerStream, Unary, WrappingInterceptor
from server.malformed import parse

_CONTRACT = "/vstep.grading.v1."


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
        field = inner.fields_by_name.get(element.field_name) if inner else None
        if field is not None:
            inner, enum = field.message_type, field.enum_type
    if fault.rule_id.startswith("enum.") and enum is not None:
        names = ", ".join(value.name for value in enum.values if value.number)
        return FieldViolation(path, f"must be one of {names}")
    return FieldViolation(path, fault.message)


class Validation(WrappingInterceptor):
    """Handlers see messages that keep the contract's rules, and no others."""

    def deserializer(self, method: str, parse_known: Any) -> Any:
        if not method.startswith(_CONTRACT):
            return parse_known
        # gRPC would answer INTERNAL for bytes that don't parse; as a value, the
        # fault travels on to where a status can be given.
        return partial(_parse_or_fault, parse_known.__self__)

    def unary(self, method: str, behavior: Unary) -> Unary:
        if not method.startswith(_CONTRACT):
            return behavior

        async def checked(request: Any, context: aio.ServicerContext[Any, Any]) -> Any:
            _accept(request)
            return await behavior(request, context)

        return checked

    def client_stream(self, method: str, behavior: Unary) -> Unary:
        if not method.startswith(_CONTRACT):
            return behavior

        async def checked(
            requests: AsyncIterator[Any], context: aio.ServicerContext[Any, Any]
        ) -> Any:
            return await behavior(_accepted(requests), context)

        return checked

    def server_stream(self, method: str, behavior: ServerStream) -> ServerStream:
        if not method.startswith(_CONTRACT):
            return behavior

        async def checked(
            request: Any, context: aio.ServicerContext[Any, Any]
        ) -> AsyncIterator[Any]:
            _accept(request)
            async for message in behavior(request, context):
                yield message

        return checked


def _parse_or_fault(kind: type[Message], data: bytes) -> Message | MalformedRequest:
    try:
        return parse(kind, data)
    except MalformedRequest as fault:
        return fault


async def _accepted(requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for request in requests:
        _accept(request)
        yield request


def _accept(request: Message | MalformedRequest) -> None:
    if isinstance(request, MalformedRequest):
        raise request
    check(request)
    # From here on it is a UUID, and no longer whatever a client may send.
    if job_id := getattr(request, "job_id", ""):
        bind_contextvars(job_id=job_id)
