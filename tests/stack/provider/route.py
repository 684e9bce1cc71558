"""One path of the provider: what it does with the requests, and what it saw of them."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.stack.provider.call import Call
from tests.stack.provider.exchange import Exchange, HungUp, Script
from tests.stack.provider.gate import Gate
from tests.stack.waiting import until

#: Chooses what is done with a request.
Choose = Callable[[Call], Script]


class Route:
    """Plays the scripts that were queued, in the order of the requests, then the chosen ones."""

    def __init__(self, choose: Choose) -> None:
        #: Asked whenever no script is queued.
        self.choose = choose
        #: All requests so far, in the order in which they came.
        self.calls: list[Call] = []
        #: How many requests were open at once, at most.
        self.most_in_flight = 0
        self._queue: deque[Script] = deque()
        self._in_flight = 0
        self._gate: Gate | None = None
        self._is_held: Callable[[Call], bool] = lambda _: True
        self._gates: list[Gate] = []
        self._lock = threading.Lock()

    @property
    def in_flight(self) -> int:
        """How many requests are open now: read, and not yet answered."""
        return self._in_flight

    @property
    def queued(self) -> int:
        """How many queued scripts are still to be played."""
        return len(self._queue)

    def queue(self, *scripts: Script) -> None:
        """Play these for the next requests, one for each."""
        with self._lock:
            self._queue.extend(scripts)

    @contextmanager
    def hold(self, which: Callable[[Call], bool] = lambda _: True) -> Iterator[Gate]:
        """Hold requests that come from now on, until the gate is opened or the block ends.

        All of them, or those for which ``which`` holds.
        """
        gate = Gate()
        with self._lock:
            self._gates.append(gate)
            self._gate, self._is_held = gate, which
        try:
            yield gate
        finally:
            with self._lock:
                self._gate = None
            gate.open()

    def await_calls(self, number: int, seconds: float = 10) -> list[Call]:
        """Wait until that many requests came; gives all of them."""
        until(lambda: len(self.calls) >= number, seconds, every=0.002)
        return self.calls

    def await_ended(self, call: Call, seconds: float = 10) -> Call:
        """Wait until a request was answered, or its client was found gone."""
        until(lambda: call.ended_at is not None, seconds, every=0.002)
        return call

    def serve(self, exchange: Exchange) -> None:
        """Play the script whose turn it is."""
        call = exchange.call
        with self._lock:
            self.calls.append(call)
            script = self._queue.popleft() if self._queue else None
            gate = self._gate if self._is_held(call) else None
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            if gate is not None:
                gate.pass_through(exchange)
            (script or self.choose(call)).play(exchange)
        except HungUp:
            call.hung_up = True
            exchange.keep_alive = False
        finally:
            with self._lock:
                self._in_flight -= 1
            call.ended_at = time.monotonic()

    def close(self) -> None:
        """Take the gates down. No request may be open any more."""
        for gate in self._gates:
            gate.close()
