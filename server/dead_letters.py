"""Dead letters: a job whose message the broker gave up on has failed."""

from typing import Any
from uuid import UUID

import structlog
from amqp import Message
from kombu.connection import Connection
from sqlalchemy import Engine

from grading.broker import DEAD_JOBS
from grading.job_metrics import count_failed
from grading.store.dead_letters import fail_dead_lettered
from grading.store.records import FailureReason
from server.broker_link import BrokerLink
from server.metrics import CAUSES, DEAD_LETTERS

_log = structlog.get_logger(__name__)

#: Letters to a transaction.
BATCH = 100


class DeadLetters:
    """Takes letters from ``DEAD_JOBS``; the same letters stay in ``DEAD_LETTERS`` for people."""

    def __init__(self, link: BrokerLink, engine: Engine) -> None:
        self._link = link
        self._engine = engine
        self._connection: Connection | None = None
        self._letters: list[Message] = []

    def take(self) -> None:
        """Fail the jobs of the letters that came since; a fault leaves the letters where they are.

        Raises:
            kombu.exceptions.OperationalError, OSError: the broker is out of reach.
            sqlalchemy.exc.SQLAlchemyError: the database is.
        """
        if not self._link.is_amqp:
            return
        connection = self._link.connection
        if connection is not self._connection:
            self._open(connection)
        if not self._letters:
            return
        causes = {
            job_id: _cause_of(letter.headers)
            for letter in self._letters
            if (job_id := _job_of(letter.headers)) is not None
        }
        with self._engine.connect() as conn:
            failed = fail_dead_lettered(conn, causes)
        _log.error("dead_letters", letters=len(self._letters), jobs_failed=len(failed))
        for skill in failed:
            count_failed(skill, FailureReason.DEAD_LETTERED)
        self._channel.basic_ack(self._letters[-1].delivery_tag, multiple=True)
        for letter in self._letters:
            cause = _cause_of(letter.headers)
            DEAD_LETTERS.labels(cause if cause in CAUSES else "unknown").inc()
        self._letters = []

    def _open(self, connection: Connection) -> None:
        """Have letters brought by the link's reading.

        They aren't asked for one by one: after a restart of the broker, a quorum
        queue that has no leader yet keeps ``basic.get`` waiting for half a minute.
        """
        self._channel = connection.channel()
        self._channel.basic_qos(0, BATCH, False)
        # Letters that were not acknowledged went back to the queue with the channel.
        self._letters = []
        DEAD_JOBS(self._channel).consume("server", self._letters.append, nowait=True)
        self._connection = connection


def _job_of(headers: dict[str, Any]) -> UUID | None:
    try:
        return UUID(headers["id"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _cause_of(headers: dict[str, Any]) -> str:
    """RabbitMQ's own word: ``delivery_limit``, ``rejected`` …"""
    match headers.get("x-death"):
        case [{"reason": str(reason)}, *_]:
            return reason
    return "unknown"
