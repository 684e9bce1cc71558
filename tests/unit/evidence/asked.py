"""The model that is asked, without anybody who answers."""

from typing import Any

from grading.settings import Settings
from workers.providers.chat import ChatModel

MARK = "0123456789abcdef"


def model_of(**settings: str) -> ChatModel:
    """A model by these settings."""
    given = {
        "database_url": "postgresql://user:password@db/name",
        "rabbitmq_url": "amqp://mq",
        "openai_api_key": "a-key",
        **settings,
    }
    return ChatModel(Settings.model_validate(given), "model-a")


def is_closed(schema: Any) -> bool:
    """Whether every object of a schema is closed, and all its fields are required."""
    if isinstance(schema, list):
        return all(map(is_closed, schema))
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object":
        properties = set(schema["properties"])
        if schema.get("additionalProperties") is not False or set(schema["required"]) != properties:
            return False
    return all(map(is_closed, schema.values()))
