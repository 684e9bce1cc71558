"""The relay: moves outbox rows to Celery and marks them once the broker has confirmed."""

import threading

import structlog
from amqp.exceptions import AMQPError
from kombu.exceptions import KombuError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from grading.store.outbox import mark_sent, take_unsent
from server.publisher import NotConfirmed, Publisher

_log = structlog.get_logger(__name__)

#: Messages to a transaction: enough to share its cost, few enough that a worker
#: never waits long for a row that is locked until the batch is confirmed.
BATCH = 100

#: What a broker out of reach shows itself as.
BROKER_ERRORS = (KombuError, AMQPError, OSError, NotConfirmed)


class Relay:
    """Runs in a thread, since kombu blocks. Any number of servers may run one."""

    def __init__(self, engine: Engine, publisher: Publisher, poll_seconds: float) -> None:
        self._engine = engine.execution_options(isolation_level="READ COMMITTED")
        self._publisher = publisher
        self._poll_seconds = poll_seconds
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        #: Whether the broker was reached when it was last tried.
        self.broker_reached = False

    def start(self) -> None:
        """Begin to move messages."""
        self._thread.start()

    def wake(self) -> None:
        """Say that the outbox may have got a row; may be called from any thread."""
        self._wake.set()

    def stop(self, timeout: float) -> None:
        """End after the batch under way; waits up to ``timeout`` seconds."""
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                self._publisher.check()
                moved = self._move_batch()
                self.broker_reached = True
            except BROKER_ERRORS as error:
                moved = 0
                self.broker_reached = False
                _log.warning("broker_out_of_reach", error=type(error).__name__)
                self._publisher.close()
            except SQLAlchemyError as error:
                moved = 0
                _log.warning("outbox_out_of_reach", error=type(error).__name__)
            if moved < BATCH:
                self._wake.wait(self._poll_seconds)
        self._publisher.close()

    def _move_batch(self) -> int:
        """Move up to a batch; a fault on the way leaves the rows unsent."""
        with self._engine.begin() as conn:
            messages = take_unsent(conn, BATCH)
            if messages:
                self._publisher.publish(messages)
                mark_sent(conn, messages)
        return len(messages)
