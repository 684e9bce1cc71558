"""The store's synchronous functions, called from asyncio."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

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
            async with self._engine.connect() as conn:
                return await conn.run_sync(function, *args, **kwargs)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        # The pool has dropped its connections with the dead one.
        async with self._engine.connect() as conn:
            return await conn.run_sync(function, *args, **kwargs)

    async def run_in_transaction(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call ``function``; all of its statements are one transaction."""
        async with self._transactions.begin() as conn:
            return await conn.run_sync(function, *args, **kwargs)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()
