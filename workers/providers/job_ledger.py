"""The calls of a job's run, in the database."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

from grading.store.allowances import return_tokens, spent_this_month, take_tokens
from grading.store.provider_answers import (
    KeptAnswer,
    ProviderCall,
    recall_answer,
    record_call,
)
from grading.store.records import Claim
from workers.journal import PASSING, Journal

#: Seconds between tries to write to a database that is away.
_WAITS = (0.25, 0.5, 1, 2, 4, 8)

T = TypeVar("T")


class JobLedger:
    """A CallLedger of one run; what it reads and writes goes through the process's journal."""

    def __init__(self, journal: Journal, claim: Claim, tokens_per_minute: int | None) -> None:
        self._journal = journal
        self._claim = claim
        self._tokens_per_minute = tokens_per_minute

    async def recall(self, stage: str, prompt_hash: str) -> KeptAnswer | None:
        """What an earlier run of the job was answered."""
        job_id = self._claim.job_id
        return await self._ask(lambda conn: recall_answer(conn, job_id, stage, prompt_hash))

    async def record(self, call: ProviderCall) -> None:
        """Keep a call.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database was lost for too long.
        """
        for seconds in _WAITS:
            try:
                return await self._ask(partial(_record, claim=self._claim, call=call))
            except PASSING:
                # It is paid for: rather wait than pay again.
                await asyncio.sleep(seconds)
        return await self._ask(partial(_record, claim=self._claim, call=call))

    async def spent(self) -> Decimal:
        """What models have cost in this calendar month (UTC), in US dollars."""
        return await self._ask(spent_this_month)

    async def take_tokens(self, model: str, tokens: int) -> float:
        """Take ``tokens`` from what all workers together may use in a minute."""
        allowed = self._tokens_per_minute
        if allowed is None:
            return 0.0
        return await self._ask(lambda conn: take_tokens(conn, model, tokens, allowed))

    async def return_tokens(self, model: str, tokens: int) -> None:
        """Give back what was taken and not used."""
        allowed = self._tokens_per_minute
        if allowed is not None:
            await self._ask(lambda conn: return_tokens(conn, model, tokens, allowed))

    async def _ask(self, function: Callable[[Connection], T]) -> T:
        # Shielded: the journal answers its future, whoever waits for it.
        return await asyncio.shield(asyncio.wrap_future(self._journal.submit(function)))


def _record(conn: Connection, claim: Claim, call: ProviderCall) -> None:
    record_call(conn, claim.job_id, claim.run, call)
