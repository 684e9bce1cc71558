"""The server's connection to the broker."""

from collections.abc import Callable
from contextlib import suppress

from amqp import NotFound
from celery import Celery
from kombu.connection import Connection
from kombu.entity import Queue

from grading.broker import DEAD_JOBS, DEAD_LETTERS

#: How long the broker may leave a question unanswered, in seconds.
SILENCE_SECONDS = 10.0


class BrokerLink:
    """One connection, made when first used and made again after it was lost.

    Every queue is declared on connecting. ``DEAD_JOBS`` is declared by servers
    alone: where it is missing, the broker is a new one, or was wiped, and
    ``on_wiped`` is called before anything else is done. Not thread-safe.
    """

    def __init__(self, celery: Celery, on_wiped: Callable[[], None]) -> None:
        self._celery = celery
        self._on_wiped = on_wiped
        self._connection: Connection | None = None

    @property
    def connection(self) -> Connection:
        """The connection; made where there is none.

        Raises:
            kombu.exceptions.OperationalError, OSError: the broker is out of reach.
        """
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    @property
    def is_amqp(self) -> bool:
        """Whether the broker confirms, keeps dead letters, and hangs up on the silent."""
        return bool(self.connection.transport.driver_type == "amqp")

    def check(self) -> None:
        """Exchange signs of life with the broker; connects where it must.

        Raises:
            kombu.exceptions.OperationalError, OSError: the broker is out of reach.
        """
        if self.is_amqp:
            self.connection.heartbeat_check()
            # The broker's own heartbeats, and the end of the connection, are only
            # noticed by reading.
            with suppress(TimeoutError):
                while True:
                    self.connection.drain_events(timeout=0.001)

    def close(self) -> None:
        """Drop the connection; the next use makes a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.release()

    def _connect(self) -> Connection:
        made: Connection = self._celery.connection_for_write(
            heartbeat=self._celery.conf.broker_heartbeat
        )
        made.ensure_connection(max_retries=1, reraise_as_library_errors=True)
        try:
            if made.transport.driver_type == "amqp":
                # What is read without a limit of its own; a broker that hangs would hold up
                # the relay for ever.
                made.connection.sock.settimeout(SILENCE_SECONDS)
            if made.transport.driver_type == "amqp" and not _exists(made, DEAD_JOBS):
                self._on_wiped()
            with made.channel() as channel:
                for queue in (*self._celery.amqp.queues.values(), DEAD_LETTERS, DEAD_JOBS):
                    queue(channel).declare()
        except BaseException:
            made.release()
            raise
        return made


def _exists(connection: Connection, queue: Queue) -> bool:
    with connection.channel() as channel:
        try:
            queue(channel).queue_declare(passive=True)
        except NotFound:  # it has closed the channel
            return False
    return True
