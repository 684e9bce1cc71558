"""A closed loop of gRPC calls: so many in flight, for so long."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import grpc
from grpc import aio


@dataclass(frozen=True, slots=True)
class Rate:
    """What a loop came to."""

    calls: int
    seconds: float
    #: Of each call, in milliseconds, sorted.
    latencies: Sequence[float]

    @property
    def per_second(self) -> float:
        """Calls a second."""
        return self.calls / self.seconds

    def percentile(self, share: float) -> float:
        """The latency that ``share`` of the calls stayed under, in milliseconds."""
        return percentile(self.latencies, share)


def percentile(latencies: Sequence[float], share: float) -> float:
    """What ``share`` of the ``latencies``, which are sorted, stay under."""
    return latencies[min(int(share * len(latencies)), len(latencies) - 1)]


async def closed_loop(
    address: str, method: str, requests: Iterator[bytes], in_flight: int, seconds: float
) -> Rate:
    """Keep ``in_flight`` unary calls under way, each beginning when one ends.

    Requests and answers stay bytes, so the client costs the same whatever is called.

    Raises:
        grpc.aio.AioRpcError: a call failed.
    """
    latencies: list[float] = []
    async with aio.insecure_channel(address) as channel:
        await channel.channel_ready()
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
        started = time.perf_counter()
        until = started + seconds

        async def caller() -> None:
            while (began := time.perf_counter()) < until:
                await call(next(requests), timeout=30)
                latencies.append((time.perf_counter() - began) * 1000)

        async with asyncio.TaskGroup() as group:
            for _ in range(in_flight):
                group.create_task(caller())
        took = time.perf_counter() - started
    return Rate(len(latencies), took, sorted(latencies))
