"""What the library makes of answers that are no chat completion: it checks nothing.

Most of what goes wrong here is no error of the library's own, or none at all: whoever
calls ``create`` has to look at what it gave.
"""

import json

import openai
import pytest
from openai.types.chat import ChatCompletion

from tests.stack.provider.answers import JSON, Reply
from tests.stack.provider.broken import (
    not_json,
    other_json,
    with_empty_choices,
    without_choices,
)
from tests.stack.provider.server import Provider
from tests.unit.provider.library import Library


@pytest.mark.parametrize("body", [b"Bad gateway", b"", b'{"id": "chatcmpl-0", "obj'])
def test_no_json_under_the_name_of_json(provider: Provider, library: Library, body: bytes) -> None:
    for ask in (library.create, library.parse):
        provider.chat.queue(not_json(body))
        with pytest.raises(json.JSONDecodeError):
            ask()


def test_json_of_wrong_bytes(provider: Provider, library: Library) -> None:
    for ask in (library.create, library.parse):
        provider.chat.queue(not_json(b'{"id": "\xff"}'))
        with pytest.raises(UnicodeDecodeError):
            ask()


@pytest.mark.parametrize("content_type", ["text/html", "text/plain; charset=utf-8"])
def test_text_is_given_as_a_string_by_create(
    provider: Provider, library: Library, content_type: str
) -> None:
    provider.chat.queue(*[not_json(b"<h1>Hello</h1>", content_type)] * 2)
    assert library.create() == "<h1>Hello</h1>"
    with pytest.raises(AttributeError, match="'str' object has no attribute 'choices'"):
        library.parse()


def test_a_completion_is_read_under_another_name_too(provider: Provider, library: Library) -> None:
    body = json.dumps({"choices": [{"message": {"content": "7"}}]}).encode()
    provider.chat.queue(not_json(body, "text/plain"))
    assert library.create().choices[0].message.content == "7"


@pytest.mark.parametrize("value", [[1, 2], "text", 7, None])
def test_json_that_is_no_object_is_given_as_it_is_by_create(
    provider: Provider, library: Library, value: object
) -> None:
    provider.chat.queue(*[other_json(value)] * 2)
    assert library.create() == value
    with pytest.raises(AttributeError, match="has no attribute 'choices'"):
        library.parse()


@pytest.mark.parametrize("script", [other_json({}), other_json({"ok": True}), without_choices()])
def test_no_choices_pass_create_as_none(
    provider: Provider, library: Library, script: Reply
) -> None:
    provider.chat.queue(script, script)
    completion = library.create()
    assert completion.choices is None
    assert type(completion) is ChatCompletion
    with pytest.raises(TypeError, match="'NoneType' object is not iterable"):
        library.parse()


def test_empty_choices_pass_both(provider: Provider, library: Library) -> None:
    provider.chat.queue(*[with_empty_choices()] * 2)
    assert library.create().choices == []
    assert library.parse().choices == []


def test_an_error_under_status_200_passes_create(provider: Provider, library: Library) -> None:
    provider.chat.queue(other_json({"error": {"message": "Overloaded."}}))
    completion = library.create()
    assert completion.choices is None
    assert completion.error == {"message": "Overloaded."}


def test_a_body_that_is_not_packed_as_it_says(provider: Provider, library: Library) -> None:
    provider.chat.queue(Reply(200, b"{}", (*JSON, ("Content-Encoding", "gzip"))))
    with pytest.raises(openai.APIConnectionError):
        library.create()
