"""Whether the broker answers, asked for the health checks on a connection of its own."""

import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from celery import Celery
from kombu.connection import Connection

from grading.broker import is_amqp
from grading.settings import Settings
from server.relay import BROKER_ERRORS

_log = structlog.get_logger(__name__)

#: How long the broker may take to answer, in seconds.
ANSWER_SECONDS = 3.0
#: How often the broker looks whether the connection lives, in seconds.
_HEARTBEAT_SECONDS = 30


class BrokerCheck:
    """Asks in a thread, since kombu blocks, and apart from the relay, which the database holds up.

    A broker that hangs takes connections and bytes, and answers nothing: so each look is a
    question, and an answer that is too old counts as none.
    """

    def __init__(self, settings: Settings, celery: Celery, every_seconds: float) -> None:
        self._celery = celery
        self._folder = None if is_amqp(settings) else Path(urlsplit(settings.broker_url).path)
        self._every_seconds = every_seconds
        self._connection: Connection | None = None
        self._wire: Any = None
        self._answered_at: float | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="broker-check", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more; doesn't wait for an answer that is still to come."""
        self._stop.set()

    @property
    def answers(self) -> bool:
        """Whether the broker answered when it was last asked."""
        answered_at = self._answered_at
        oldest = time.monotonic() - self._every_seconds - ANSWER_SECONDS
        return answered_at is not None and answered_at > oldest

    def _run(self) -> None:
        while True:
            try:
                self._ask()
                self._answered_at = time.monotonic()
            except Exception as error:
                # Libraries raise anything while their connection breaks.
                if not isinstance(error, BROKER_ERRORS):
                    _log.exception("broker_check_failed")
                self._answered_at = None
                self._hang_up()
            if self._stop.wait(self._every_seconds):
                self._hang_up()
                return

    def _ask(self) -> None:
        if self._folder is not None:
            # A folder that can be listed is all that there is to a broker of files.
            next(self._folder.iterdir(), None)
            return
        if self._connection is None:
            self._connect()
        assert self._connection is not None
        # A question that changes nothing.
        self._connection.default_channel.basic_qos(0, 1, False)
        self._connection.heartbeat_check()

    def _connect(self) -> None:
        made: Connection = self._celery.connection_for_write(heartbeat=_HEARTBEAT_SECONDS)
        self._wire = made.connect()
        # For whatever is read from now on; without it, a read waits for ever.
        self._wire.sock.settimeout(ANSWER_SECONDS)
        self._connection = made

    def _hang_up(self) -> None:
        wire, self._wire, self._connection = self._wire, None, None
        if wire is not None:
            # Without a farewell, which a broker that hangs would not answer.
            wire.collect()
