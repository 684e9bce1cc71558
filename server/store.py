"""The store's synchronous functions, called from asyncio."""

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import QueuePool

from server.metrics import POOL_WAIT

P = ParamSpec("P")
T = TypeVar("T")


class Store:
    """Runs a function of ``grading.store`` on a connection of the pool."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._transactions = engine.execution_options(isolation_level="READ COMMITTED")

    async def run(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call ``function``; each of its statements is a transaction.

        Called once more when a pooled connection turns out to be dead, as all of
        them do after the database was restarted: what comes here may be repeated.
        """
        try:
            return await _run(self._engine.connect(), function, *args, **kwargs)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        # The pool has dropped its connections with the dead one.
        return await _run(self._engine.connect(), function, *args, **kwargs)

    async def run_in_transaction(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call ``function``; all of its statements are one transaction."""
        return await _run(self._transactions.begin(), function, *args, **kwargs)

    @property
    def connections(self) -> tuple[int, int]:
        """How many connections the pool may have, and how many are lent now."""
        pool = self._engine.pool
        assert isinstance(pool, QueuePool)
        return pool.size(), pool.checkedout()

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


async def _run(
    connecting: AbstractAsyncContextManager[AsyncConnection],
    function: Callable[Concatenate[Connection, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    asked = time.perf_counter()
    try:
        async with connecting as conn:
            POOL_WAIT.observe(time.perf_counter() - asked)
            return await conn.run_sync(function, *args, **kwargs)
    except PoolTimeout:
        # It waited, too, and in vain.
        POOL_WAIT.observe(time.perf_counter() - asked)
        raise
