"""Answers of status 200 that are no chat completion."""

import json
from typing import Any

from tests.stack.provider.answers import CREATED, JSON, MODEL, Answer, Reply, Usage

_COMPLETION: dict[str, Any] = {
    "id": "chatcmpl-0",
    "object": "chat.completion",
    "created": CREATED,
    "model": MODEL,
    "usage": Usage().document(),
}


def not_json(body: bytes = b"Bad gateway", content_type: str = "application/json") -> Reply:
    """A body that is no JSON, whatever it says of itself."""
    return Reply(200, body, (("Content-Type", content_type),))


def other_json(value: object) -> Reply:
    """JSON of any shape."""
    return Reply(200, json.dumps(value).encode(), JSON)


def without_choices() -> Reply:
    """A completion that lacks the field ``choices``."""
    return other_json(_COMPLETION)


def with_empty_choices() -> Reply:
    """A completion without any choice."""
    return other_json({**_COMPLETION, "choices": []})


def without_content() -> Answer:
    """Neither an answer nor a refusal."""
    return Answer(None)


def without_usage(content: str = "{}") -> Answer:
    """An answer of which nobody knows what it cost."""
    return Answer(content, usage=None)
