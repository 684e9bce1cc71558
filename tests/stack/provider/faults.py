"""Connections that fail under an answer."""

from dataclasses import dataclass
from enum import Enum

from tests.stack.provider.answers import JSON
from tests.stack.provider.exchange import Exchange


@dataclass(frozen=True)
class Silence:
    """The request is read, and nothing is ever sent."""

    def play(self, exchange: Exchange) -> None:
        """Wait until the client has enough of it."""
        exchange.wait()


@dataclass(frozen=True)
class Trickle:
    """A body that comes a byte at a time and never ends.

    A limit on the time between two bytes doesn't end it; only one on the whole call does.
    """

    #: The time from one byte to the next, in seconds.
    every: float = 0.1

    def play(self, exchange: Exchange) -> None:
        """Send blanks, which JSON may begin with, until the client has enough of them."""
        exchange.start(200, (*JSON, ("Transfer-Encoding", "chunked")))
        while True:
            exchange.write(b"1\r\n \r\n")
            exchange.wait(self.every)


class Moment(Enum):
    """How far an answer gets."""

    BEFORE_STATUS = "before the status line"
    IN_BODY = "in the middle of the body"


@dataclass(frozen=True)
class Dropped:
    """The connection is closed under the answer."""

    when: Moment = Moment.BEFORE_STATUS
    #: By a reset, as of a process that crashed, instead of in order.
    reset: bool = False

    def play(self, exchange: Exchange) -> None:
        """Send what is due, and close."""
        if self.when is Moment.IN_BODY:
            exchange.start(200, (*JSON, ("Content-Length", "1000")))
            exchange.write(b'{"id": "chatcmpl-0", "object": "chat.comp')
        exchange.drop(self.reset)
