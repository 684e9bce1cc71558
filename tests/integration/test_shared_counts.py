"""What callers ask for, counted with a Redis, without one, and with one that fails."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest

from grading.domain.caller import ANYBODY, Caller
from server.exceptions import QuotaUsedUp, RateExceeded
from server.rates import CallRate, JobQuota
from server.shared_counts import SharedCounts
from tests.stack.redis import PrivateRedis

APP = Caller("app", "school", frozenset())
OTHER = Caller("other", "school", frozenset())
#: Slow enough that a bucket doesn't fill again while a test looks at it.
SLOW = 1
#: The longest that a call may be held up by a Redis that doesn't answer, in seconds, with
#: much to spare for a busy machine.
HELD_UP = 5.0


async def _admitted(rate: CallRate, caller: Caller, calls: int) -> int:
    admitted = 0
    for _ in range(calls):
        try:
            await rate.admit(caller)
        except RateExceeded:
            continue
        admitted += 1
    return admitted


@pytest.fixture
async def made() -> AsyncIterator[Callable[[str | None], SharedCounts]]:
    """What makes a server's counts, and closes them after the test."""
    open_ones: list[SharedCounts] = []

    def make(url: str | None) -> SharedCounts:
        open_ones.append(SharedCounts(url))
        return open_ones[-1]

    yield make
    for counts in open_ones:
        await counts.close()


Make = Callable[[str | None], SharedCounts]


@pytest.fixture(params=["here", "shared"])
def counts(request: pytest.FixtureRequest, made: Make) -> SharedCounts:
    """A server's counts: of its own, or in a Redis."""
    if request.param == "here":
        return made(None)
    redis: PrivateRedis = request.getfixturevalue("redis")
    return made(redis.url)


async def test_a_caller_has_a_bucket_of_its_own(counts: SharedCounts) -> None:
    rate = CallRate(counts, per_second=SLOW, burst=50)
    admitted = await _admitted(rate, APP, 60)
    assert 50 <= admitted < 60
    assert await _admitted(rate, OTHER, 10) == 10
    assert await _admitted(rate, ANYBODY, 100) == 100


async def test_a_bucket_fills_again_when_it_says_so(counts: SharedCounts) -> None:
    rate = CallRate(counts, per_second=5, burst=1)
    await rate.admit(APP)
    with pytest.raises(RateExceeded) as refused:
        while True:
            await rate.admit(APP)
    assert 0 < refused.value.retry_after <= 0.2
    await asyncio.sleep(refused.value.retry_after + 0.01)
    await rate.admit(APP)


async def test_a_quota_is_all_or_nothing_and_gives_back_what_was_not_used(
    counts: SharedCounts,
) -> None:
    quota = JobQuota(counts, 10)
    async with quota.reserve("school", 6) as reservation:
        reservation.accepted = 4
    with pytest.raises(QuotaUsedUp) as refused:
        async with quota.reserve("school", 7):
            raise AssertionError
    assert refused.value.limit == 10
    assert 0 < refused.value.retry_after <= 86_400
    with pytest.raises(ZeroDivisionError):
        async with quota.reserve("school", 6):
            raise ZeroDivisionError
    async with quota.reserve("school", 6) as reservation:
        reservation.accepted = 6
    with pytest.raises(QuotaUsedUp):
        async with quota.reserve("school", 1):
            raise AssertionError
    async with quota.reserve("another-school", 10):
        pass


async def test_who_goes_away_while_its_jobs_are_stored_has_used_its_quota(
    counts: SharedCounts,
) -> None:
    quota = JobQuota(counts, 1)
    storing = asyncio.Event()

    async def submit() -> None:
        async with quota.reserve("school", 1):
            storing.set()
            await asyncio.Event().wait()

    submitting = asyncio.create_task(submit())
    await storing.wait()
    submitting.cancel()
    await asyncio.wait([submitting])
    with pytest.raises(QuotaUsedUp):
        async with quota.reserve("school", 1):
            raise AssertionError


async def test_servers_share_what_they_count(redis: PrivateRedis, made: Make) -> None:
    servers = [made(redis.url) for _ in range(3)]
    rates = [CallRate(counts, per_second=SLOW, burst=30) for counts in servers]
    admitted = await asyncio.gather(*(_admitted(rate, APP, 20) for rate in rates))
    assert 30 <= sum(admitted) < 60

    async def submit(quota: JobQuota) -> bool:
        try:
            async with quota.reserve("school", 1) as reservation:
                reservation.accepted = 1
        except QuotaUsedUp:
            return False
        return True

    quotas = [JobQuota(counts, 7) for counts in servers]
    accepted = await asyncio.gather(*(submit(quota) for quota in quotas * 10))
    assert sum(accepted) <= 7
    async with quotas[0].reserve("another-school", 7):
        pass
    # Nothing that a caller said but the names it is known by is kept there.
    assert all(key.startswith("vstep-grading:") for key in redis.keys())  # noqa: SIM118


@pytest.mark.parametrize("fault", ["stopped", "frozen", "never there"])
async def test_a_redis_that_fails_stops_nobody(redis: PrivateRedis, made: Make, fault: str) -> None:
    counts = made(redis.url)
    rate = CallRate(counts, per_second=SLOW, burst=20)
    if fault != "never there":
        assert await _admitted(rate, APP, 20) == 20
    if fault == "frozen":
        redis.freeze()
    else:
        redis.stop()

    began = time.monotonic()
    # Counted by this server alone from here on, in a bucket that is full.
    assert 20 <= await _admitted(rate, APP, 40) < 40
    assert time.monotonic() - began < HELD_UP


async def test_a_redis_that_came_back_is_used_again(redis: PrivateRedis, made: Make) -> None:
    rate = CallRate(made(redis.url), per_second=1000, burst=1000)
    await rate.admit(APP)
    redis.stop()
    await rate.admit(APP)
    redis.start()
    async with asyncio.timeout(30):
        while not redis.keys():
            await rate.admit(APP)
            await asyncio.sleep(0.05)
