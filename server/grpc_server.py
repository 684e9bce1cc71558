"""grpc.aio's server, which a stranger could stop with one call.

grpc 1.85 reads the name of a method that isn't registered as UTF-8, in the loop that takes the
calls in: a name that is none ends the loop, and with it the server and every open stream. The
methods of the contract are registered, and core tells their calls from all others by itself. So
here the others are answered, before anybody reads their names.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from grpc import aio
from grpc._cython import cygrpc
from grpc.aio import (
    ServerInterceptor,
    _server,
)

from server.metrics import UNKNOWN_CALLS

#: A call of a method that isn't registered goes by this name.
_NAMELESS = "unknown"


class _NoMethods:
    """Finds no handler; gRPC then answers UNIMPLEMENTED."""

    def resolve_handler(self, details: object) -> None:
        UNKNOWN_CALLS.inc()


class _AioServer(cygrpc.AioServer):  # type: ignore[misc]  # cygrpc has no types
    """Answers by itself what nobody has registered, and hands out nothing of it."""

    async def _request_call(self) -> object:
        loop = asyncio.get_running_loop()
        answering: set[asyncio.Task[None]] = set()
        while True:
            call = await super()._request_call()
            answer = cygrpc._handle_rpc(_NAMELESS, _NoMethods(), (), call, loop, False)
            task = loop.create_task(cygrpc._schedule_rpc_coro(answer, call, loop, _NAMELESS))
            answering.add(task)
            task.add_done_callback(answering.discard)


class _Server(_server.Server):
    def __init__(
        self, interceptors: Sequence[ServerInterceptor], options: Sequence[tuple[str, Any]]
    ) -> None:
        self._loop = cygrpc.get_working_loop()
        self._server = _AioServer(self._loop, None, (), tuple(interceptors), tuple(options), None)


def make_grpc_server(
    interceptors: Sequence[ServerInterceptor], options: Sequence[tuple[str, Any]]
) -> aio.Server:
    """What ``grpc.aio.server`` makes, but for calls of methods that nobody registered."""
    return cast("aio.Server", _Server(interceptors, options))
