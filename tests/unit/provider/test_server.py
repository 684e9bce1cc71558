"""The scripted provider itself: what it records, and how many it serves at once."""

import asyncio
import http.client
import json
import threading
import time
from urllib.parse import urlsplit

import openai
import pytest

from tests.stack.provider.answers import Answer
from tests.stack.provider.broken import not_json
from tests.stack.provider.call import Call
from tests.stack.provider.errors import server_error
from tests.stack.provider.exchange import Script
from tests.stack.provider.faults import Dropped, Silence
from tests.stack.provider.server import Provider
from tests.stack.waiting import until
from tests.unit.provider.library import ASKED, Form, Library, asynchronous_client

MANY = 100


def test_what_was_asked(provider: Provider, library: Library) -> None:
    before = time.monotonic()
    provider.chat.queue(Answer('{"grade": 7}'))
    library.parse()
    (call,) = provider.chat.calls
    assert (call.method, call.path) == ("POST", "/v1/chat/completions")
    assert call.model == "gpt-asked"
    assert call.messages == [{"role": "user", "content": "Grade this."}]
    assert call.headers["authorization"] == "Bearer key"
    assert call.headers["x-stainless-retry-count"] == "0"
    assert before <= call.received_at <= time.monotonic()
    assert call.response_format is not None
    assert call.response_format["type"] == "json_schema"
    form = call.response_format["json_schema"]
    assert (form["name"], form["strict"]) == ("Form", True)
    assert form["schema"]["properties"].keys() == Form.model_fields.keys()


def test_scripts_are_played_in_order_and_then_chosen(provider: Provider, library: Library) -> None:
    def choose(call: Call) -> Script:
        return Answer(f"{call.messages[0]['content']} {call.model}")

    provider.chat.choose = choose
    provider.chat.queue(Answer("first"), Answer("second"))
    assert provider.chat.queued == 2
    said = [library.create().choices[0].message.content for _ in range(4)]
    assert said == ["first", "second", "Grade this. gpt-asked", "Grade this. gpt-asked"]


def test_the_models(provider: Provider) -> None:
    with openai.OpenAI(api_key="key", base_url=provider.url, max_retries=0) as client:
        assert [model.id for model in client.models.list()] == ["gpt-5-mini-2025-08-07"]
        with pytest.raises(openai.NotFoundError, match="Invalid URL"):
            client.embeddings.create(model="any", input="text", encoding_format="float")
    assert len(provider.models.calls) == 1
    assert provider.chat.calls == []


def test_a_connection_is_used_again(provider: Provider, library: Library) -> None:
    provider.chat.queue(Answer("{}"), server_error(), not_json(b"", "text/plain"), Answer("{}"))
    library.create()
    with pytest.raises(openai.InternalServerError):
        library.create()
    library.create()
    library.create()
    assert provider.accepted == 1


def test_requests_may_be_sent_ahead(provider: Provider) -> None:
    address = urlsplit(provider.url)
    body = json.dumps(ASKED)
    request = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=5)
    connection.connect()
    provider.chat.queue(Answer("first", delay=0.05), Answer("second", delay=0.05))
    connection.sock.sendall(f"{request}\r\n{body}{request}\r\n{body}".encode())
    for expected in (b"first", b"second"):
        response = http.client.HTTPResponse(connection.sock)
        response.begin()
        assert expected in response.read()
        response.close()
    connection.close()


async def test_many_at_once(provider: Provider) -> None:
    async with asynchronous_client(provider.url) as client:
        with provider.chat.hold() as gate:
            asking = [
                asyncio.create_task(client.chat.completions.create(**ASKED)) for _ in range(MANY)
            ]
            await asyncio.to_thread(gate.await_held, MANY)
            assert provider.chat.in_flight == gate.held == MANY
            assert not any(task.done() for task in asking)
            gate.open()
            await asyncio.gather(*asking)
        assert provider.chat.most_in_flight == MANY
        assert provider.chat.in_flight == 0
        assert len(provider.chat.calls) == MANY
        assert not any(call.hung_up for call in provider.chat.calls)
        # The gate is gone with its block.
        await client.chat.completions.create(**ASKED)


async def test_a_client_may_go_while_it_is_held(provider: Provider) -> None:
    async with asynchronous_client(provider.url) as client:
        provider.chat.queue(Answer("not played"))
        with provider.chat.hold() as gate:
            asking = asyncio.create_task(client.chat.completions.create(**ASKED))
            await asyncio.to_thread(gate.await_held, 1)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await asyncio.to_thread(until, lambda: gate.held == 0)
        assert provider.chat.calls[0].hung_up


def test_it_stops_under_open_requests(provider: Provider) -> None:
    raised: list[type[Exception]] = []

    def ask(url: str) -> None:
        with openai.OpenAI(api_key="key", base_url=url, max_retries=0) as client:
            try:
                client.chat.completions.create(**ASKED)
            except openai.APIConnectionError as error:
                raised.append(type(error))

    with Provider() as stopping:
        stopping.chat.queue(Silence(), Silence())
        threads = [threading.Thread(target=ask, args=(stopping.url,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        stopping.chat.await_calls(2)
        began = time.monotonic()
    assert time.monotonic() - began < 1
    for thread in threads:
        thread.join()
    assert raised == [openai.APIConnectionError] * 2
    assert stopping.connections == 0


def test_a_choice_that_fails_is_told_at_the_end() -> None:
    def choose(call: Call) -> Script:
        raise LookupError(call.model)

    def ask(provider: Provider) -> None:
        with (
            openai.OpenAI(api_key="key", base_url=provider.url, max_retries=0) as client,
            pytest.raises(openai.APIConnectionError),
        ):
            client.chat.completions.create(**ASKED)

    with pytest.raises(ExceptionGroup) as caught, Provider() as provider:
        provider.chat.choose = choose
        ask(provider)
    assert isinstance(caught.value.exceptions[0], LookupError)


def test_a_connection_that_was_dropped_is_not_open(provider: Provider, library: Library) -> None:
    provider.chat.queue(Dropped())
    with pytest.raises(openai.APIConnectionError):
        library.create()
    until(lambda: provider.connections == 0)
