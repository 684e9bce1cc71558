"""The health servicer: a watcher that is stuck holds up nobody."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from grpc_health.v1 import health_pb2

from server.health import (
    LIVENESS,
    NOT_SERVING,
    POSTGRES,
    READINESS,
    SERVICE_UNKNOWN,
    SERVING,
    Health,
)

#: The servicer asks its context for nothing while it watches.
NO_CONTEXT = cast("Any", None)


def _watch(health: Health, service: str) -> AsyncIterator[health_pb2.HealthCheckResponse]:
    return health.Watch(health_pb2.HealthCheckRequest(service=service), NO_CONTEXT)


async def _status(watch: AsyncIterator[health_pb2.HealthCheckResponse]) -> int:
    async with asyncio.timeout(1):
        return (await anext(watch)).status


async def _check(health: Health, service: str) -> int:
    request = health_pb2.HealthCheckRequest(service=service)
    return (await health.Check(request, NO_CONTEXT)).status


async def test_everything_starts_not_serving() -> None:
    health = Health()
    for name in (LIVENESS, READINESS, POSTGRES, "rabbitmq", "workers"):
        assert await _check(health, name) == NOT_SERVING


async def test_a_stuck_watcher_holds_up_neither_changes_nor_other_watchers() -> None:
    health = Health()
    stuck, lively = _watch(health, READINESS), _watch(health, READINESS)
    assert await _status(stuck) == NOT_SERVING  # it never reads again
    assert await _status(lively) == NOT_SERVING
    for serving in (True, False) * 50:
        health.set(READINESS, serving=serving)
        assert await _check(health, READINESS) == (SERVING if serving else NOT_SERVING)
        assert await _status(lively) == (SERVING if serving else NOT_SERVING)
    health.drain()
    health.end_watches()
    with pytest.raises(StopAsyncIteration):
        await anext(lively)


async def test_a_watcher_that_comes_back_sees_the_newest_status() -> None:
    health = Health()
    late = _watch(health, READINESS)
    assert await _status(late) == NOT_SERVING
    health.set(READINESS, serving=True)
    health.set(READINESS, serving=False)
    health.set(READINESS, serving=True)
    assert await _status(late) == SERVING


async def test_a_watcher_hears_of_its_own_name_alone() -> None:
    health = Health()
    watch = _watch(health, READINESS)
    assert await _status(watch) == NOT_SERVING
    following = asyncio.ensure_future(_status(watch))
    health.set(POSTGRES, serving=True)
    await asyncio.sleep(0.05)
    assert not following.done()
    health.set(READINESS, serving=True)
    assert await following == SERVING


async def test_nothing_serves_again_after_a_drain_began() -> None:
    health = Health()
    health.set(READINESS, serving=True)
    watch = _watch(health, READINESS)
    assert await _status(watch) == SERVING
    health.drain()
    health.set(READINESS, serving=True)
    assert await _check(health, READINESS) == NOT_SERVING
    assert await _status(watch) == NOT_SERVING


async def test_an_unknown_name_is_watched_as_unknown_and_ends_with_the_others() -> None:
    health = Health()
    watch = _watch(health, "nobody")
    assert await _status(watch) == SERVICE_UNKNOWN
    health.end_watches()
    with pytest.raises(StopAsyncIteration):
        await anext(watch)
