"""What the library raises when a connection fails: two classes, and the cause behind them."""

import asyncio
import gc
import threading
import time

import httpx2
import openai
import pytest

from tests.stack.provider.answers import Answer
from tests.stack.provider.dead_ports import accepting_nothing, refusing
from tests.stack.provider.faults import Dropped, Moment, Silence, Trickle
from tests.stack.provider.server import Provider
from tests.unit.provider.library import (
    ASKED,
    Asynchronous,
    Library,
    Synchronous,
    asynchronous_client,
)


def test_silence_ends_with_the_time_between_two_bytes(provider: Provider, library: Library) -> None:
    for ask in (library.create, library.parse):
        provider.chat.queue(Silence())
        with pytest.raises(openai.APITimeoutError) as caught:
            ask(timeout=0.1)
        _is_connection_error(caught.value, httpx2.ReadTimeout)
        assert provider.chat.await_ended(provider.chat.calls[-1]).hung_up


def test_an_answer_that_comes_too_late(provider: Provider, library: Library) -> None:
    provider.chat.queue(Answer("{}", delay=5))
    with pytest.raises(openai.APITimeoutError):
        library.create(timeout=0.1)
    call = provider.chat.await_ended(provider.chat.calls[0])
    assert call.hung_up
    assert call.seconds < 1


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        (Dropped(), httpx2.RemoteProtocolError),
        (Dropped(Moment.IN_BODY), httpx2.RemoteProtocolError),
        (Dropped(reset=True), httpx2.ReadError),
        (Dropped(Moment.IN_BODY, reset=True), httpx2.ReadError),
    ],
    ids=str,
)
def test_a_connection_that_is_closed(
    provider: Provider, library: Library, script: Dropped, cause: type[Exception]
) -> None:
    for ask in (library.create, library.parse):
        provider.chat.queue(script)
        with pytest.raises(openai.APIConnectionError) as caught:
            ask()
        assert type(caught.value) is openai.APIConnectionError
        _is_connection_error(caught.value, cause)
    assert not provider.chat.calls[0].hung_up


def test_nothing_is_sent_again_on_a_connection_that_was_used_before(
    provider: Provider, library: Library
) -> None:
    provider.chat.queue(Answer("{}"), Dropped())
    library.create()
    with pytest.raises(openai.APIConnectionError):
        library.create()
    assert len(provider.chat.calls) == 2


@pytest.mark.parametrize("kind", [Synchronous, Asynchronous])
def test_nobody_listens(kind: type[Synchronous | Asynchronous]) -> None:
    with refusing() as url:
        library = kind(url)
        with pytest.raises(openai.APIConnectionError) as caught:
            library.create()
        library.close()
    assert type(caught.value) is openai.APIConnectionError
    _is_connection_error(caught.value, httpx2.ConnectError)


@pytest.mark.parametrize("kind", [Synchronous, Asynchronous])
def test_nobody_accepts(kind: type[Synchronous | Asynchronous]) -> None:
    with accepting_nothing() as url:
        library = kind(url)
        with pytest.raises(openai.APITimeoutError) as caught:
            library.create(timeout=0.3)
        library.close()
    _is_connection_error(caught.value, httpx2.ConnectTimeout)


def test_a_trickle_outlasts_the_synchronous_client() -> None:
    raised: list[type[Exception]] = []

    def ask(library: Library) -> None:
        try:
            library.create(timeout=0.2)
        except openai.APIConnectionError as error:
            raised.append(type(error))

    with Provider() as provider:
        provider.chat.queue(Trickle(every=0.05))
        library = Synchronous(provider.url)
        asking = threading.Thread(target=ask, args=(library,))
        asking.start()
        asking.join(0.8)
        assert asking.is_alive()
    # Only the provider's end was the end of it.
    asking.join(5)
    library.close()
    assert raised == [openai.APIConnectionError]


async def test_a_limit_on_the_whole_call_ends_a_trickle(provider: Provider) -> None:
    provider.chat.queue(Trickle(every=0.05))
    async with asynchronous_client(provider.url) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await client.chat.completions.create(**ASKED, timeout=0.2)
        call = await asyncio.to_thread(provider.chat.await_ended, provider.chat.calls[0])
        assert call.hung_up


@pytest.mark.parametrize("script", [Silence(), Trickle(every=0.05), Answer("{}", delay=5)])
async def test_cancelling_closes_the_connection_at_once(
    provider: Provider, script: Silence | Trickle | Answer
) -> None:
    async with asynchronous_client(provider.url) as client:
        provider.chat.queue(script)
        asking = asyncio.create_task(client.chat.completions.create(**ASKED))
        await asyncio.to_thread(provider.chat.await_calls, 1)
        await asyncio.sleep(0.1)
        cancelled_at = time.monotonic()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        call = await asyncio.to_thread(provider.chat.await_ended, provider.chat.calls[0])
        assert call.hung_up
        assert call.ended_at is not None
        assert call.ended_at - cancelled_at < 0.5
        # The client is none the worse for it.
        await client.chat.completions.create(**ASKED)


async def test_no_free_connection_looks_like_a_slow_provider(provider: Provider) -> None:
    limits = httpx2.Limits(max_connections=1)
    async with asynchronous_client(provider.url, limits=limits) as client:
        with provider.chat.hold() as gate:
            first = asyncio.create_task(client.chat.completions.create(**ASKED))
            await asyncio.to_thread(gate.await_held, 1)
            with pytest.raises(openai.APITimeoutError) as caught:
                await client.chat.completions.create(**ASKED, timeout=httpx2.Timeout(5, pool=0.1))
        await first
    _is_connection_error(caught.value, httpx2.PoolTimeout)
    assert len(provider.chat.calls) == 1


def test_an_asynchronous_client_dies_with_its_event_loop(provider: Provider) -> None:
    async def ask(client: openai.AsyncOpenAI) -> None:
        await client.chat.completions.create(**ASKED)

    def ask_on_two_loops(client: openai.AsyncOpenAI) -> None:
        asyncio.run(ask(client))
        # This is no error of the library's own.
        with pytest.raises(RuntimeError, match="Event loop is closed"):
            asyncio.run(ask(client))

    # The socket that the first loop left behind.
    with pytest.warns(ResourceWarning, match="unclosed"):
        ask_on_two_loops(asynchronous_client(provider.url))
        gc.collect()


def _is_connection_error(error: openai.APIConnectionError, cause: type[Exception]) -> None:
    """All that a failed connection tells: there is no response, and so no status."""
    assert type(error.__cause__) is cause
    assert error.body is None
    assert error.code is None
    assert not hasattr(error, "status_code")
    assert not hasattr(error, "response")
