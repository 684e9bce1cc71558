"""A real model answers a real client, in the form that it was asked for."""

from collections.abc import Iterator
from typing import Annotated, Literal

import openai
import pytest
from pydantic import BaseModel, ConfigDict, Field

from tests.stack.real_model import NAME, real_model

MESSAGES: list[openai.types.chat.ChatCompletionMessageParam] = [
    {"role": "system", "content": "You grade essays from 0 to 10."},
    {"role": "user", "content": "I think school is good because my friend is there."},
]


class Grade(BaseModel):
    """A form that no model of this size keeps by itself.

    The server holds the answer to the limits of whole numbers, not to those of others, and
    a text without a limit may go on until the tokens end.
    """

    model_config = ConfigDict(extra="forbid")

    score: int = Field(ge=0, le=10)
    band: Literal["B1", "B2", "C1"]
    reasons: list[Annotated[str, Field(max_length=60)]] = Field(min_length=1, max_length=2)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    with (
        real_model(tmp_path_factory.mktemp("model")) as model,
        openai.OpenAI(api_key="any", base_url=model.url, max_retries=0, timeout=60) as made,
    ):
        yield made


def test_it_keeps_to_a_schema(client: openai.OpenAI) -> None:
    completion = client.chat.completions.create(
        model=NAME,
        messages=MESSAGES,
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "grade", "strict": True, "schema": Grade.model_json_schema()},
        },
        max_completion_tokens=400,
        seed=1,
    )
    (choice,) = completion.choices
    assert choice.finish_reason == "stop"
    assert choice.message.content is not None
    Grade.model_validate_json(choice.message.content)
    assert completion.model == NAME
    assert completion.usage is not None
    assert completion.usage.prompt_tokens > 20
    assert 10 < completion.usage.completion_tokens < 400


def test_it_keeps_to_a_limit_and_overlooks_what_it_does_not_know(client: openai.OpenAI) -> None:
    completion = client.chat.completions.create(
        model="another",
        messages=MESSAGES,
        max_completion_tokens=8,
        temperature=0,
        extra_body={"unheard_of": {"by": "this server"}},
    )
    assert completion.choices[0].finish_reason == "length"
    assert completion.usage is not None
    assert completion.usage.completion_tokens == 8


def test_it_refuses_what_is_too_long_in_its_own_words(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(
            model=NAME, messages=[{"role": "user", "content": "word " * 5000}]
        )
    assert caught.value.code == "400"
    assert caught.value.type == "exceed_context_size_error"
