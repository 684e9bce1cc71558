"""How often a caller may call, and how many jobs a tenant may hand in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

from throttled.asyncio import per_day, per_sec

from grading.domain.caller import ANYBODY, Caller
from server.exceptions import QuotaUsedUp, RateExceeded
from server.shared_counts import Counter, SharedCounts


class CallRate:
    """A bucket of calls for each caller, which fills again at a steady rate.

    Two tokens of one name and tenant are one caller's, such as while they are exchanged.
    """

    def __init__(self, counts: SharedCounts, per_second: int, burst: int) -> None:
        self._per_second = per_second
        self._calls = counts.counter("gcra", per_sec(per_second, burst))

    async def admit(self, caller: Caller) -> None:
        """Count a call.

        Raises:
            RateExceeded: the caller's bucket is empty.
        """
        if caller is ANYBODY:
            return
        count = await self._calls.take(f"calls:{caller.tenant}:{caller.name}")
        if count.limited:
            raise RateExceeded(self._per_second, count.state.retry_after)


@dataclass(slots=True)
class Reservation:
    """Jobs that are about to be accepted."""

    jobs: int
    #: How many of them were.
    accepted: int = 0


class JobQuota:
    """How many jobs of each tenant are accepted in a day (UTC)."""

    def __init__(self, counts: SharedCounts, limit: int) -> None:
        self._limit = limit
        self._jobs: Counter = counts.counter("fixed_window", per_day(limit))

    @asynccontextmanager
    async def reserve(self, tenant: str, jobs: int) -> AsyncIterator[Reservation]:
        """Hold room for ``jobs`` more, all of them or none; what is not accepted is given back.

        Raises:
            QuotaUsedUp: there is no room for all of them today.
        """
        key, day = f"jobs:{tenant}", _today()
        reservation = Reservation(jobs)
        count = await self._jobs.take(key, jobs)
        try:
            if count.limited:
                raise QuotaUsedUp(self._limit, count.state.retry_after)
            yield reservation
        except asyncio.CancelledError:
            # The jobs may be stored all the same: who goes away in time shall gain nothing.
            reservation.accepted = jobs
            raise
        finally:
            unused = jobs - reservation.accepted
            # Tomorrow's count is another, which nothing was taken of.
            if unused and day == _today():
                await self._jobs.take(key, -unused)


def _today() -> date:
    return datetime.now(UTC).date()
