"""The worker's consumer: sends what it can't use to the dead letters, and shows that it lives."""

from collections.abc import Callable
from typing import Any

import structlog
from celery.worker.consumer import Consumer
from kombu.asynchronous import Hub
from kombu.connection import Connection
from kombu.message import Message

from workers.pulse import BEAT_SECONDS, Pulse

_log = structlog.get_logger(__name__)


class DeadLetteringConsumer(Consumer):  # type: ignore[misc]
    """Celery's own, but for messages that it can't make a task of.

    Celery acknowledges a body that can't be decoded, after which nobody finds it
    any more, and ends the whole worker at one whose JSON has another shape.
    """

    def __init__(self, *args: Any, pulse: Pulse, **kwargs: Any) -> None:
        self._pulse = pulse
        super().__init__(*args, **kwargs)

    def register_with_event_loop(self, hub: Hub) -> None:
        """Have the loop of a worker with processes show that it comes round."""
        super().register_with_event_loop(hub)
        # Celery takes it off the loop again when the connection is lost.
        hub.timer.call_repeatedly(BEAT_SECONDS, self._pulse.beat)

    def perform_pending_operations(self) -> None:
        """Do the same in a worker on threads, whose loop begins each round with this."""
        self._pulse.beat()
        super().perform_pending_operations()

    def ensure_connected(self, conn: Connection) -> Connection:
        """Connect, however long it takes until there is a broker."""
        self._pulse.connect()
        connected: Connection = super().ensure_connected(conn)
        return connected

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
