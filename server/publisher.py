"""Sending messages to Celery, with the broker's word that it stored them."""

from collections.abc import Sequence
from contextlib import suppress

from celery import Celery
from kombu.connection import Connection
from kombu.messaging import Producer

from grading.broker import DEAD_LETTERS, EXCHANGE, TASK
from grading.store.outbox import Message

#: How long the broker may take to confirm a batch, in seconds.
CONFIRM_SECONDS = 10.0


class NotConfirmed(Exception):
    """The broker refused a message, or had no queue for it."""


class Publisher:
    """Publishes a batch at a time over one connection, and waits for all confirms at once.

    Celery's own ``confirm_publish`` waits for each message before the next;
    here the whole batch travels before the first confirm is awaited.
    Not thread-safe.
    """

    def __init__(self, celery: Celery) -> None:
        self._celery = celery
        self._connection: Connection | None = None
        self._producer: Producer | None = None
        self._unconfirmed: set[int] = set()
        self._refused = False

    def publish(self, messages: Sequence[Message]) -> None:
        """Send ``messages``; returns once each of them is stored by the broker.

        Raises:
            NotConfirmed: at least one was not; any of them may have been.
            kombu.exceptions.OperationalError, OSError: the broker is out of reach.
        """
        producer = self._producer or self._connect()
        for tag, message in enumerate(messages, start=self._next_tag):
            task = self._celery.amqp.as_task_v2(
                str(message.job_id), TASK, args=(str(message.job_id),), ignore_result=True
            )
            producer.publish(
                task.body,
                exchange=EXCHANGE,
                routing_key=message.queue,
                headers=task.headers,
                mandatory=self._confirms,
                **task.properties,
            )
            if self._confirms:
                self._unconfirmed.add(tag)
        self._next_tag += len(messages)
        while self._unconfirmed and not self._refused:
            assert self._connection is not None
            self._connection.drain_events(timeout=CONFIRM_SECONDS)
        if self._refused:
            raise NotConfirmed

    def check(self) -> None:
        """Ask the broker for a sign of life; connects where it must.

        Raises:
            kombu.exceptions.OperationalError, OSError: the broker is out of reach.
        """
        if self._producer is None:
            self._connect()
        assert self._connection is not None
        if self._confirms:
            self._connection.heartbeat_check()
            # The broker's own heartbeats, and the end of the connection, are only
            # noticed by reading.
            with suppress(TimeoutError):
                self._connection.drain_events(timeout=0.001)

    def close(self) -> None:
        """Drop the connection; the next call makes a new one."""
        connection, self._connection, self._producer = self._connection, None, None
        if connection is not None:
            connection.release()

    def _connect(self) -> Producer:
        connection = self._celery.connection_for_write(heartbeat=self._celery.conf.broker_heartbeat)
        connection.ensure_connection(max_retries=1, reraise_as_library_errors=True)
        channel = connection.channel()
        for queue in (*self._celery.amqp.queues.values(), DEAD_LETTERS):
            queue(channel).declare()
        self._confirms = connection.transport.driver_type == "amqp"
        if self._confirms:
            channel.confirm_select()
            channel.events["basic_ack"].add(self._on_ack)
            channel.events["basic_nack"].add(self._on_refusal)
            channel.events["basic_return"].add(self._on_refusal)
        self._next_tag = 1
        self._unconfirmed = set()
        self._refused = False
        self._connection = connection
        self._producer = Producer(channel, auto_declare=False)
        return self._producer

    def _on_ack(self, tag: int, multiple: bool) -> None:
        if multiple:
            self._unconfirmed = {sent for sent in self._unconfirmed if sent > tag}
        else:
            self._unconfirmed.discard(tag)

    def _on_refusal(self, *_: object) -> None:
        self._refused = True
