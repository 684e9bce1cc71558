"""Calls to both servers, each over a wire that can be cut, repeated while they may be."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import count
from typing import TYPE_CHECKING, TypeVar

import grpc
from grpc import aio

from tests.faults.wire import Wire
from vstep.grading.v1.grading_service_pb2_grpc import GradingServiceStub

if TYPE_CHECKING:
    # Known to the type checker alone.
    from vstep.grading.v1.grading_service_pb2_grpc import GradingServiceAsyncStub

Q = TypeVar("Q")
A = TypeVar("A")
Method = Callable[["GradingServiceAsyncStub"], aio.UnaryUnaryMultiCallable[Q, A]]

#: What a lost connection or server shows itself as; the contract says to call again.
PASSING = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
    }
)
CALL_SECONDS = 5.0
PAUSE_SECONDS = 0.1

_OPTIONS = [
    # A server that starts again is found within a moment.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 200),
    ("grpc.use_local_subchannel_pool", 1),
]


class Clients:
    """The stubs of all servers, used in turn. An asynchronous context manager."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._wires = [Wire(port) for port in ports]
        self._channels: list[aio.Channel] = []
        self._stubs: list[GradingServiceAsyncStub] = []
        self._turns = count()

    async def __aenter__(self) -> "Clients":
        for wire in self._wires:
            await wire.open()
            channel = aio.insecure_channel(f"127.0.0.1:{wire.port}", options=_OPTIONS)
            self._channels.append(channel)
            self._stubs.append(GradingServiceStub(channel))
        return self

    async def __aexit__(self, *_: object) -> None:
        for channel in self._channels:
            await channel.close()
        for wire in self._wires:
            await wire.close()

    def cut(self) -> None:
        """Cut every connection."""
        for wire in self._wires:
            wire.cut()

    def stub(self) -> "GradingServiceAsyncStub":
        """The next server's stub."""
        return self._stubs[next(self._turns) % len(self._stubs)]

    async def call(self, method: Method[Q, A], request: Q) -> A:
        """Make a call, again and again at one server after the other, until it is answered.

        Raises:
            grpc.aio.AioRpcError: it was refused.
        """
        while True:
            try:
                return await method(self.stub())(request, timeout=CALL_SECONDS)
            except aio.AioRpcError as error:
                if error.code() not in PASSING:
                    raise
            await asyncio.sleep(PAUSE_SECONDS)
