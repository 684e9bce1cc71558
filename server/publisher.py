"""Sending messages to Celery, with the broker's word that it stored them."""

from collections.abc import Sequence

from celery import Celery
from kombu.connection import Connection
from kombu.messaging import Producer

from grading.broker import EXCHANGE, TASK
from grading.store.outbox import Message
from server.broker_link import BrokerLink

#: How long the broker may take to confirm a batch, in seconds.
CONFIRM_SECONDS = 10.0


class NotConfirmed(Exception):
    """The broker refused a message, or had no queue for it."""


class Publisher:
    """Publishes a batch at a time, and waits for all of its confirms at once.

    Celery's own ``confirm_publish`` waits for each message before the next;
    here the whole batch travels before the first confirm is awaited.
    Not thread-safe.
    """

    def __init__(self, celery: Celery, link: BrokerLink) -> None:
        self._celery = celery
        self._link = link
        self._connection: Connection | None = None

    def publish(self, messages: Sequence[Message]) -> None:
        """Send ``messages``; returns once each of them is stored by the broker.

        Raises:
            NotConfirmed: at least one was not; any of them may have been.
            kombu.exceptions.OperationalError, OSError: the broker is out of reach.
        """
        connection = self._link.connection
        if connection is not self._connection:
            self._open(connection)
        for tag, message in enumerate(messages, start=self._next_tag):
            task = self._celery.amqp.as_task_v2(
                str(message.job_id), TASK, args=(str(message.job_id),), ignore_result=True
            )
            self._producer.publish(
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
            connection.drain_events(timeout=CONFIRM_SECONDS)
        if self._refused:
            raise NotConfirmed

    def _open(self, connection: Connection) -> None:
        channel = connection.channel()
        self._confirms = self._link.is_amqp
        if self._confirms:
            channel.confirm_select()
            channel.events["basic_ack"].add(self._on_ack)
            channel.events["basic_nack"].add(self._on_refusal)
            channel.events["basic_return"].add(self._on_refusal)
        self._next_tag = 1
        self._unconfirmed: set[int] = set()
        self._refused = False
        self._producer = Producer(channel, auto_declare=False)
        self._connection = connection

    def _on_ack(self, tag: int, multiple: bool) -> None:
        if multiple:
            self._unconfirmed = {sent for sent in self._unconfirmed if sent > tag}
        else:
            self._unconfirmed.discard(tag)

    def _on_refusal(self, *_: object) -> None:
        self._refused = True
