"""The worker's consumer, which sends what it can't use to the dead letters."""

from collections.abc import Callable
from typing import Any

import structlog
from celery.worker.consumer import Consumer
from kombu.message import Message

_log = structlog.get_logger(__name__)


class DeadLetteringConsumer(Consumer):  # type: ignore[misc]
    """Celery's own, but for messages that it can't make a task of.

    Celery acknowledges a body that can't be decoded, after which nobody finds it
    any more, and ends the whole worker at one whose JSON has another shape.
    """

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Message], None]:
        """Make what is called with each message."""
        handle = super().create_task_handler(*args, **kwargs)

        def on_message(message: Message) -> None:
            try:
                handle(message)
            except self.connection_errors:
                raise
            except Exception as error:
                self.on_decode_error(message, error)

        return on_message

    def on_decode_error(self, message: Message, exc: Exception) -> None:
        """Reject a message whose body is not what its headers say."""
        _log.error("message_not_understood", error=type(exc).__name__)
        message.reject_log_error(_log, self.connection_errors)
