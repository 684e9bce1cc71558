"""One model behind an endpoint that speaks OpenAI's chat-completions API."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from grading.domain.usage import Usage
from grading.provider_settings import ProviderSettings
from workers.providers.asked_model import hash_of
from workers.providers.endpoint import CallLimits, Endpoint
from workers.providers.translation import content_of


@dataclass(frozen=True, slots=True)
class ChatPrompt:
    """What is asked of a model: first what every call says, then what this one is about."""

    version: str
    #: The same for every answer, so that the provider's cache of prompts can have it.
    fixed: str
    #: Of this answer alone.
    variable: str
    #: The name and the strict JSON schema of what is to be answered.
    form: str
    schema: Mapping[str, Any]


class ChatModel:
    """One model that is asked in words; an AskedModel."""

    def __init__(self, settings: ProviderSettings, model: str) -> None:
        assert settings.openai_api_key is not None
        self.model = model
        self._settings = settings
        self._price = settings.price_table.get(model)
        limits = CallLimits(
            settings.openai_connect_timeout_seconds,
            settings.openai_read_timeout_seconds,
            settings.openai_call_timeout_seconds,
        )
        self._endpoint = Endpoint(settings.openai_api_key, settings.openai_base_url, limits)
        self.provider = self._endpoint.provider

    def body(self, prompt: ChatPrompt) -> dict[str, Any]:
        """The request that asks ``prompt``, as it is sent."""
        return {
            **self._sampling(prompt),
            "messages": [
                {"role": "system", "content": self._fixed(prompt)},
                {"role": "user", "content": prompt.variable},
            ],
        }

    def prompt_hash(self, prompt: ChatPrompt) -> str:
        """The first letters of the hash of all that is asked but the answer and its task."""
        return hash_of({**self._sampling(prompt), "fixed": self._fixed(prompt)})

    def tokens_for(self, prompt: ChatPrompt) -> int:
        """About how many tokens a call may use up."""
        return estimate_tokens(prompt) + self._settings.openai_max_tokens

    def cost(self, usage: Usage) -> Decimal | None:
        """What ``usage`` costs, in US dollars; None where the model has no price."""
        return None if self._price is None else self._price.cost(usage)

    async def ask(self, prompt: ChatPrompt) -> tuple[str, str, Usage]:
        """What the model answered, which model it says it is, and what that used up.

        Where the provider doesn't tell the model, it is the one that was asked; where it
        doesn't tell what was used up, that is estimated.

        Raises:
            ProviderFault: it gave no whole answer.
        """
        completions = self._endpoint.client.chat.completions
        completion = await self._endpoint.outcome(completions.create(**self.body(prompt)))
        content, model, usage = content_of(completion)
        used = usage or Usage(estimate_tokens(prompt), 1 + len(content) // 4)
        return content, model or self.model, used

    async def close(self) -> None:
        """Close the connections."""
        await self._endpoint.close()

    def _fixed(self, prompt: ChatPrompt) -> str:
        if self._settings.openai_response_format == "json_schema":
            return prompt.fixed
        # The endpoint doesn't know schemas: the model is told.
        schema = json.dumps(prompt.schema, separators=(",", ":"), ensure_ascii=False)
        return f"{prompt.fixed}\n\nAnswer with one JSON object that follows this schema:\n{schema}"

    def _sampling(self, prompt: ChatPrompt) -> dict[str, Any]:
        settings = self._settings
        body: dict[str, Any] = {
            "model": self.model,
            settings.openai_max_tokens_field: settings.openai_max_tokens,
            "response_format": self._format(prompt),
        }
        if settings.openai_temperature is not None:
            body["temperature"] = settings.openai_temperature
        if settings.openai_seed is not None:
            body["seed"] = settings.openai_seed
        return body

    def _format(self, prompt: ChatPrompt) -> dict[str, Any]:
        if self._settings.openai_response_format == "json_object":
            return {"type": "json_object"}
        schema = {"name": prompt.form, "strict": True, "schema": prompt.schema}
        return {"type": "json_schema", "json_schema": schema}


#: Tokens of what stands around the parts of a request.
_AROUND = 100


def estimate_tokens(prompt: ChatPrompt) -> int:
    """About how many tokens a prompt has, its schema included: four characters make one."""
    return 1 + len(_asked(prompt)) // 4


def most_tokens(prompt: ChatPrompt) -> int:
    """More tokens than a prompt can have, its schema included: none is shorter than a byte."""
    return len(_asked(prompt).encode()) + _AROUND


def _asked(prompt: ChatPrompt) -> str:
    schema = json.dumps(prompt.schema, separators=(",", ":"), ensure_ascii=False)
    return "".join((prompt.fixed, prompt.variable, schema))
