"""Gives each call a name that the client, the log and the error share."""

import re
from collections.abc import AsyncIterator
from typing import Any

import structlog
from grpc import aio
from uuid_utils import uuid4

from server.interceptors.wrapping import ServerStream, Unary, WrappingInterceptor

REQUEST_ID_KEY = "x-request-id"
#: What a client may send; anything else is replaced, so that logs stay clean.
_WELL_FORMED = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


def _name(context: aio.ServicerContext[Any, Any]) -> None:
    metadata = dict(context.invocation_metadata() or ())
    sent = metadata.get(REQUEST_ID_KEY, "")
    name = sent if isinstance(sent, str) and _WELL_FORMED.fullmatch(sent) else str(uuid4())
    structlog.contextvars.bind_contextvars(request_id=name)
    context.set_trailing_metadata(((REQUEST_ID_KEY, name),))


class RequestId(WrappingInterceptor):
    """Takes the client's ``x-request-id``, or makes one, and sends it back."""

    def unary(self, method: str, behavior: Unary) -> Unary:
        async def named(request: Any, context: aio.ServicerContext[Any, Any]) -> Any:
            _name(context)
            return await behavior(request, context)

        return named

    def server_stream(self, method: str, behavior: ServerStream) -> ServerStream:
        async def named(request: Any, context: aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
            _name(context)
            async for message in behavior(request, context):
                yield message

        return named
