"""Ending an open stream from outside of it, whatever it is doing."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from server.exceptions import Unauthenticated
from server.stream_guard import StreamGuard


async def _numbers(more: asyncio.Event) -> AsyncIterator[int]:
    for number in range(100):
        await more.wait()
        more.clear()
        yield number


Taken = list[int]


async def _serve(
    made: list[StreamGuard], more: asyncio.Event, taken: Taken, sent: asyncio.Event
) -> None:
    guard = StreamGuard()
    made.append(guard)
    async for number in guard.follow(_numbers(more)):
        taken.append(number)
        await sent.wait()


async def _settled(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


async def test_a_stream_that_waits_ends_at_once() -> None:
    made, taken, more, sent = [], [], asyncio.Event(), asyncio.Event()  # type: ignore[var-annotated]
    sent.set()
    serving = asyncio.create_task(_serve(made, more, taken, sent))
    more.set()
    await _settled(lambda: taken == [0])
    made[0].end(Unauthenticated())
    made[0].end(RuntimeError())  # the first end stands
    with pytest.raises(Unauthenticated):
        await serving
    assert not serving.cancelled()
    assert serving.cancelling() == 0


async def test_a_stream_whose_client_reads_slowly_ends_after_what_it_was_sent() -> None:
    made, taken, more, sent = [], [], asyncio.Event(), asyncio.Event()  # type: ignore[var-annotated]
    serving = asyncio.create_task(_serve(made, more, taken, sent))
    more.set()
    await _settled(lambda: taken == [0])
    more.set()
    made[0].end(Unauthenticated())
    await asyncio.sleep(0)
    assert not serving.done()  # the message is still on its way, and is not cut in two
    sent.set()
    with pytest.raises(Unauthenticated):
        await serving
    assert taken == [0]


async def test_a_client_that_leaves_is_no_refusal() -> None:
    made, taken, more, sent = [], [], asyncio.Event(), asyncio.Event()  # type: ignore[var-annotated]
    serving = asyncio.create_task(_serve(made, more, taken, sent))
    await _settled(lambda: bool(made))
    serving.cancel()
    made[0].end(Unauthenticated())
    with pytest.raises(asyncio.CancelledError):
        await serving


async def test_a_stream_that_is_over_is_over() -> None:
    async def none() -> AsyncIterator[int]:
        for number in list[int]():
            yield number

    guard = StreamGuard()
    assert [number async for number in guard.follow(none())] == []
    guard.end(Unauthenticated())
    await asyncio.sleep(0)
