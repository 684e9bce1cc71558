"""What one start of a benchmark may spend on models, calls in flight included."""

import asyncio
from decimal import Decimal


class CapReached(Exception):
    """Another call might cost more than is left; the message says of what."""


class Purse:
    """Money and calls. What a call may cost at most is set aside before it is made.

    To be used on one event loop.
    """

    def __init__(self, most_cost: Decimal | None, most_calls: int | None) -> None:
        self._most_cost = most_cost
        self._most_calls = most_calls
        self._held = Decimal(0)
        self._in_flight = 0
        self._settled = asyncio.Condition()
        #: US dollars that calls have cost, or may have where nobody tells.
        self.spent = Decimal(0)
        #: Calls that were made.
        self.calls = 0

    async def set_aside(self, cost: Decimal) -> None:
        """Take ``cost`` and one call; waits while calls in flight may leave enough.

        Raises:
            CapReached: there is not enough left.
        """
        async with self._settled:
            while (lacking := self._lacking(cost)) is not None:
                if not self._in_flight:
                    raise CapReached(lacking)
                await self._settled.wait()
            self._held += cost
            self._in_flight += 1

    async def settle(self, aside: Decimal, cost: Decimal | None) -> None:
        """Put back what was set aside, less what the call cost; None: none was made."""
        async with self._settled:
            self._held -= aside
            self._in_flight -= 1
            if cost is not None:
                self.spent += cost
                self.calls += 1
            self._settled.notify_all()

    def _lacking(self, cost: Decimal) -> str | None:
        if self._most_calls is not None and self.calls + self._in_flight >= self._most_calls:
            return f"--max-calls {self._most_calls}"
        if self._most_cost is not None and self.spent + self._held + cost > self._most_cost:
            return f"--max-cost {self._most_cost}"
        return None
