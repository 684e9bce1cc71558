"""What the library gives for the answers of a model, good and bad."""

import openai
import pydantic
import pytest
from openai.types import CompletionUsage
from openai.types.chat import ChatCompletion

from tests.stack.provider.answers import Answer, Usage, cut_off, filtered, refusal
from tests.stack.provider.broken import without_content, without_usage
from tests.stack.provider.server import Provider
from tests.unit.provider.library import Form, Library


def test_an_answer_with_its_usage(provider: Provider, library: Library) -> None:
    usage = Usage(1500, 250, cached_tokens=1024, reasoning_tokens=64)
    provider.chat.queue(Answer('{"grade": 7}', usage=usage, model="gpt-dated"))
    completion = library.create()
    assert completion.model == "gpt-dated"
    assert completion.choices[0].message.content == '{"grade": 7}'
    assert completion.choices[0].finish_reason == "stop"
    used = completion.usage
    assert (used.prompt_tokens, used.completion_tokens, used.total_tokens) == (1500, 250, 1750)
    assert used.prompt_tokens_details.cached_tokens == 1024
    assert used.completion_tokens_details.reasoning_tokens == 64
    assert completion._request_id.startswith("req_")
    assert type(completion) is ChatCompletion


def test_the_model_that_answers_is_the_one_asked(provider: Provider, library: Library) -> None:
    assert library.create().model == "gpt-asked"


def test_an_answer_of_the_form(provider: Provider, library: Library) -> None:
    provider.chat.queue(Answer('{"grade": 7}'))
    assert library.parse().choices[0].message.parsed == Form(grade=7)


@pytest.mark.parametrize("content", ["seven", '{"grade": "seven"}', "{}", '{"grade": 7'])
def test_an_answer_of_another_form_passes_create_and_fails_parse_without_its_usage(
    provider: Provider, library: Library, content: str
) -> None:
    provider.chat.queue(*[Answer(content)] * 2)
    assert library.create().choices[0].message.content == content
    with pytest.raises(pydantic.ValidationError) as caught:
        library.parse()
    # Neither an error of the library's own, nor one that knows the completion.
    assert not isinstance(caught.value, openai.OpenAIError)
    assert not hasattr(caught.value, "completion")


def test_an_empty_answer_is_nothing_to_parse(provider: Provider, library: Library) -> None:
    provider.chat.queue(*[Answer("")] * 2)
    assert library.create().choices[0].message.content == ""
    assert library.parse().choices[0].message.parsed is None


def test_a_refusal_is_an_answer_to_both(provider: Provider, library: Library) -> None:
    provider.chat.queue(*[refusal("No.")] * 2)
    for message in (library.create().choices[0].message, library.parse().choices[0].message):
        assert message.refusal == "No."
        assert message.content is None
    assert message.parsed is None


def test_neither_content_nor_refusal_is_an_answer_to_both(
    provider: Provider, library: Library
) -> None:
    provider.chat.queue(*[without_content()] * 2)
    for message in (library.create().choices[0].message, library.parse().choices[0].message):
        assert message.refusal is None
        assert message.content is None
    assert message.parsed is None


def test_what_was_cut_off_passes_create_and_fails_parse_with_its_completion(
    provider: Provider, library: Library
) -> None:
    provider.chat.queue(*[cut_off('{"gra', Usage(1200, 16))] * 2)
    choice = library.create().choices[0]
    assert (choice.finish_reason, choice.message.content) == ("length", '{"gra')
    with pytest.raises(openai.LengthFinishReasonError) as caught:
        library.parse()
    assert not isinstance(caught.value, openai.APIError)
    assert _usage(caught.value.completion).completion_tokens == 16


@pytest.mark.parametrize("content", ["", None, '{"gra'])
def test_what_was_filtered_passes_create_and_fails_parse_with_its_completion(
    provider: Provider, library: Library, content: str | None
) -> None:
    provider.chat.queue(*[filtered(content)] * 2)
    choice = library.create().choices[0]
    assert (choice.finish_reason, choice.message.content) == ("content_filter", content)
    with pytest.raises(openai.ContentFilterFinishReasonError) as caught:
        library.parse()
    assert not isinstance(caught.value, openai.APIError)
    assert _usage(caught.value.completion).prompt_tokens == 1200


def test_an_answer_without_usage(provider: Provider, library: Library) -> None:
    provider.chat.queue(*[without_usage('{"grade": 7}')] * 2)
    assert library.create().usage is None
    assert library.parse().usage is None


def test_an_answer_may_take_its_time(provider: Provider, library: Library) -> None:
    provider.chat.queue(Answer('{"grade": 7}', delay=0.1))
    library.create()
    (call,) = provider.chat.calls
    assert provider.chat.await_ended(call).seconds >= 0.1
    assert not call.hung_up


def _usage(completion: ChatCompletion | None) -> CompletionUsage:
    assert completion is not None
    assert completion.usage is not None
    return completion.usage
