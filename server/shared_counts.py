"""What callers ask for, counted by all servers together, or by this one alone.

With a Redis the servers share each count. It must never stop them: one that is down, or slow,
is left alone for a moment, and each server meanwhile counts for itself. Callers may then ask
for as much of every server; that is better than asking for nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from redis.exceptions import RedisError
from throttled.asyncio import (
    BaseRateLimiter,
    BaseStore,
    MemoryStore,
    Quota,
    RateLimiterRegistry,
    RedisStore,
)
from throttled.asyncio import RateLimitResult as Count
from throttled.exceptions import StoreUnavailableError

_log = structlog.get_logger(__name__)
T = TypeVar("T")

#: How long a call waits for Redis, in seconds.
_PATIENCE = 0.5
#: After Redis failed, how long it is left alone, in seconds; then one call tries it.
_LEFT_ALONE_SECONDS = 1.0
#: Connections to Redis; a call that finds none free waits for one.
_CONNECTIONS = 16
#: Callers that are kept in mind by a server that counts for itself, those who called last.
_KNOWN = 100_000
#: What the names of the service's keys begin with.
_PREFIX = "vstep-grading"


class SharedCounts:
    """Where counts are kept: in Redis while it answers, if there is one, and else here."""

    def __init__(self, redis_url: str | None) -> None:
        self._here = MemoryStore(options={"MAX_SIZE": _KNOWN})
        self._shared = None if redis_url is None else _redis_store(redis_url)
        self._left_alone_until = -1.0
        self._answers = True

    def counter(self, kind: str, quota: Quota) -> "Counter":
        """A counter of what is asked for; ``kind`` is the algorithm's name in throttled-py."""
        made = RateLimiterRegistry.get(kind)

        def count(store: BaseStore) -> BaseRateLimiter:
            return made(quota, store, key_prefix=_PREFIX)

        return Counter(
            self, count(self._here), None if self._shared is None else count(self._shared)
        )

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._shared is not None:
            client: Any = self._shared._backend.get_client()  # the store has no word for it
            await client.aclose(close_connection_pool=True)

    async def ask_redis(self, question: Callable[[], Awaitable[T]]) -> T | None:
        """What Redis answers; None where it doesn't within a moment."""
        now = asyncio.get_running_loop().time()
        if now < self._left_alone_until:
            return None
        if not self._answers:
            # The others go on without it while this one tries.
            self._left_alone_until = now + _LEFT_ALONE_SECONDS
        try:
            async with asyncio.timeout(_PATIENCE):
                answer = await question()
        except (StoreUnavailableError, RedisError, OSError, TimeoutError) as error:
            self._left_alone_until = now + _PATIENCE + _LEFT_ALONE_SECONDS
            self._tell(answers=False, error=type(error).__name__)
            return None
        self._left_alone_until = -1.0
        self._tell(answers=True)
        return answer

    def _tell(self, *, answers: bool, **fields: str) -> None:
        if answers is not self._answers:
            self._answers = answers
            (_log.info if answers else _log.warning)("limits_shared", shared=answers, **fields)


class Counter:
    """Counts what is asked for under each key, in Redis or here."""

    def __init__(
        self, counts: SharedCounts, here: BaseRateLimiter, shared: BaseRateLimiter | None
    ) -> None:
        self._counts = counts
        self._here = here
        self._shared = shared

    async def take(self, key: str, cost: int = 1) -> Count:
        """Count ``cost`` more under a key; tells whether that is too much."""
        shared = self._shared
        if shared is not None:
            found = await self._counts.ask_redis(lambda: shared.limit(key, cost))
            if found is not None:
                return found
        return await self._here.limit(key, cost)


def _redis_store(url: str) -> RedisStore:
    return RedisStore(
        server=url,
        options={
            "SOCKET_TIMEOUT": _PATIENCE,
            "SOCKET_CONNECT_TIMEOUT": _PATIENCE,
            "CONNECTION_POOL_CLASS": "redis.asyncio.BlockingConnectionPool",
            "CONNECTION_POOL_KWARGS": {"max_connections": _CONNECTIONS, "timeout": _PATIENCE},
        },
    )
