"""A gate that holds requests open."""

from tests.stack.provider.exchange import Exchange
from tests.stack.provider.flag import Flag
from tests.stack.waiting import until


class Gate:
    """Requests that reach it wait until it is opened, or until their client is gone."""

    def __init__(self) -> None:
        self._flag = Flag()
        self._waiting: set[Exchange] = set()

    @property
    def held(self) -> int:
        """How many wait now."""
        return len(self._waiting)

    def await_held(self, number: int, seconds: float = 10) -> None:
        """Wait until that many wait at the gate."""
        until(lambda: self.held >= number, seconds, every=0.002)

    def open(self) -> None:
        """Let all go on, those to come too."""
        self._flag.set()

    def pass_through(self, exchange: Exchange) -> None:
        """Wait here with a request."""
        self._waiting.add(exchange)
        try:
            exchange.wait(flag=self._flag)
        finally:
            self._waiting.discard(exchange)

    def close(self) -> None:
        """Take the gate down. Nobody may wait any more."""
        self._flag.close()
