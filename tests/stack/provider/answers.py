"""What a provider that works answers."""

import json
from dataclasses import dataclass
from itertools import count
from typing import Any

from tests.stack.provider.exchange import Exchange, Headers

JSON = (("Content-Type", "application/json"),)
#: The model that answers where the request names none and the script neither.
MODEL = "gpt-5-mini-2025-08-07"
#: 2026-01-01, for what has to bear a date.
CREATED = 1767225600

_numbers = count(1)


@dataclass(frozen=True)
class Usage:
    """How much of the model a call used up, in tokens."""

    prompt_tokens: int = 1200
    completion_tokens: int = 300
    #: Those of the prompt that the provider had in its cache.
    cached_tokens: int = 0
    #: Those of the completion that nobody sees.
    reasoning_tokens: int = 0

    def document(self) -> dict[str, Any]:
        """The usage as the API gives it."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": self.reasoning_tokens,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        }


@dataclass(frozen=True)
class Reply:
    """A response, byte for byte."""

    status: int
    body: bytes
    headers: Headers = JSON
    #: How long the client waits for it, in seconds.
    delay: float = 0.0

    def play(self, exchange: Exchange) -> None:
        """Send it."""
        exchange.wait(self.delay)
        exchange.reply(self.status, self.headers, self.body)


@dataclass(frozen=True)
class Answer:
    """A chat completion."""

    #: Usually JSON. None as it stands beside a refusal.
    content: str | None
    finish_reason: str = "stop"
    refusal: str | None = None
    #: None leaves the field away, as some providers do.
    usage: Usage | None = Usage()
    #: The one that was asked, where this is None.
    model: str | None = None
    #: How long the client waits for it, in seconds.
    delay: float = 0.0

    def play(self, exchange: Exchange) -> None:
        """Send it."""
        body = json.dumps(self.document(exchange.call.model)).encode()
        Reply(200, body, delay=self.delay).play(exchange)

    def document(self, asked: str) -> dict[str, Any]:
        """The completion as the API gives it."""
        document: dict[str, Any] = {
            "id": f"chatcmpl-{next(_numbers):08}",
            "object": "chat.completion",
            "created": CREATED,
            "model": self.model or asked or MODEL,
            "choices": [
                {
                    "index": 0,
                    "message": {
                        "role": "assistant",
                        "content": self.content,
                        "refusal": self.refusal,
                        "annotations": [],
                    },
                    "logprobs": None,
                    "finish_reason": self.finish_reason,
                }
            ],
            "service_tier": "default",
            "system_fingerprint": "fp_0000000000",
        }
        if self.usage is not None:
            document["usage"] = self.usage.document()
        return document


@dataclass(frozen=True)
class ModelList:
    """The models that may be asked."""

    names: tuple[str, ...] = (MODEL,)

    def play(self, exchange: Exchange) -> None:
        """Send them."""
        models = [
            {"id": name, "object": "model", "created": CREATED, "owned_by": "system"}
            for name in self.names
        ]
        body = json.dumps({"object": "list", "data": models}).encode()
        exchange.reply(200, JSON, body)


def refusal(text: str = "I'm sorry, but I can't assist with that request.") -> Answer:
    """The model will not do it."""
    return Answer(None, refusal=text)


def cut_off(content: str, usage: Usage | None = Usage()) -> Answer:
    """The answer reached the limit of tokens, and ends in the middle of its JSON."""
    return Answer(content, finish_reason="length", usage=usage)


def filtered(content: str | None = "") -> Answer:
    """A filter stopped the answer while the model wrote it."""
    return Answer(content, finish_reason="content_filter")
