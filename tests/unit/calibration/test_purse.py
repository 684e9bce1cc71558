"""What may be spent: set aside before a call, given back after it."""

import asyncio
from decimal import Decimal

import pytest

from bench.purse import CapReached, Purse
from bench.token_bucket import TokenBucket

ONE = Decimal(1)


async def test_a_call_waits_for_what_calls_in_flight_may_leave() -> None:
    purse = Purse(Decimal(3), None)
    await purse.set_aside(ONE * 2)
    waiting = asyncio.create_task(purse.set_aside(ONE * 2))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    await purse.settle(ONE * 2, ONE)
    await waiting
    with pytest.raises(CapReached, match="--max-cost 3"):
        await purse.settle(ONE * 2, ONE * 2)
        await purse.set_aside(ONE)
    assert purse.spent == ONE * 3
    assert purse.calls == 2


async def test_a_call_that_was_not_made_counts_for_nothing() -> None:
    purse = Purse(None, 1)
    await purse.set_aside(ONE)
    await purse.settle(ONE, None)
    await purse.set_aside(ONE)
    await purse.settle(ONE, ONE)
    assert purse.spent == ONE
    assert purse.calls == 1
    with pytest.raises(CapReached, match="--max-calls 1"):
        await purse.set_aside(ONE)


def test_a_bucket_holds_what_a_minute_allows() -> None:
    now = 0.0
    bucket = TokenBucket(600, lambda: now)
    assert bucket.take(400) == 0
    assert bucket.take(400) == pytest.approx(20)
    now = 20.0
    assert bucket.take(400) == 0
    bucket.give_back(300)
    assert bucket.take(300) == 0
    # More than it holds: once it is empty.
    assert bucket.take(5000) == pytest.approx(60)
    now = 80.0
    assert bucket.take(5000) == 0
