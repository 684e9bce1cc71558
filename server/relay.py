"""The relay: moves outbox rows to Celery and marks them once the broker has confirmed.

It gives the broker no more than a window of messages that no worker has claimed.
A backlog thus waits in PostgreSQL, where it costs nothing: sending it early
would take time from accepting work, and a broker that is lost takes no more than
the window with it.
"""

import threading
import time
from collections.abc import Sequence

import structlog
from amqp.exceptions import AMQPError
from kombu.exceptions import KombuError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from grading.store.outbox import mark_sent, room_for, take_unsent
from server import metrics
from server.broker_link import BrokerLink
from server.dead_letters import DeadLetters
from server.publisher import NotConfirmed, Publisher

_log = structlog.get_logger(__name__)

#: Messages to a transaction: enough to share its cost, few enough that no other relay
#: leaves many alone for long.
BATCH = 100

#: Messages of one queue that the broker may hold unclaimed: far more than the
#: workers can take between two looks of the relay.
WINDOW = 1000
#: How soon the relay looks again when a window was full, in seconds.
FULL_WINDOW_SECONDS = 0.05

#: The longest time between two signs of life to the broker, which hangs up after
#: twice ``broker_heartbeat`` without one.
SIGN_OF_LIFE_SECONDS = 5.0

#: What a broker out of reach shows itself as.
BROKER_ERRORS = (KombuError, AMQPError, OSError, NotConfirmed)


class Relay:
    """Runs in a thread, since kombu blocks. Any number of servers may run one."""

    def __init__(
        self,
        engine: Engine,
        link: BrokerLink,
        publisher: Publisher,
        dead_letters: DeadLetters,
        queues: Sequence[str],
        poll_seconds: float,
    ) -> None:
        self._engine = engine
        self._taking = engine.execution_options(isolation_level="READ COMMITTED")
        self._link = link
        self._publisher = publisher
        self._dead_letters = dead_letters
        self._queues = queues
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
        look_at = 0.0
        while not self._stop.is_set():
            self._wake.clear()
            pause = self._poll_seconds
            try:
                if time.monotonic() >= look_at:
                    self._link.check()
                    self._dead_letters.take()
                    look_at = time.monotonic() + self._poll_seconds
                pause = min(self._move_batch(queue) for queue in self._queues)
                self.broker_reached = True
            except BROKER_ERRORS as error:
                self.broker_reached = False
                metrics.RELAY_FAILURES.labels("rabbitmq").inc()
                _log.warning("broker_out_of_reach", error=type(error).__name__)
                self._link.close()
                look_at = 0.0
            except SQLAlchemyError as error:
                metrics.RELAY_FAILURES.labels("postgres").inc()
                _log.warning("outbox_out_of_reach", error=type(error).__name__)
            except Exception:
                # Libraries raise anything while their connection breaks, and a server
                # whose relay has ended would look well and send nothing.
                self.broker_reached = False
                metrics.RELAY_FAILURES.labels("rabbitmq").inc()
                _log.exception("relay_failed")
                self._link.close()
                look_at = 0.0
            # A full window isn't emptied by what is accepted meanwhile.
            (self._stop if pause == FULL_WINDOW_SECONDS else self._wake).wait(
                min(pause, SIGN_OF_LIFE_SECONDS)
            )
        self._link.close()
        self._engine.dispose()

    def _move_batch(self, queue: str) -> float:
        """Move up to a batch; tells after how many seconds to look again.

        A fault on the way leaves the rows unsent.
        """
        with self._taking.begin() as conn:
            limit = min(BATCH, room_for(conn, queue, WINDOW))
            if limit == 0:
                return FULL_WINDOW_SECONDS
            messages = take_unsent(conn, queue, limit)
            if messages:
                self._publisher.publish(messages)
                # By a statement of its own: this thread may wait for its turn between
                # two, and the feed would wait with it for a transaction with an id.
                with self._engine.connect() as marking:
                    mark_sent(marking, messages)
                metrics.MESSAGES_RELAYED.labels(queue).inc(len(messages))
        return 0.0 if len(messages) == limit else self._poll_seconds
