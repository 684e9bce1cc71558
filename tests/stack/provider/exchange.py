"""One request on its connection, as a script sees it."""

import select
import socket
import struct
import time
from collections.abc import Iterable
from http import HTTPStatus
from itertools import count
from typing import Protocol

from tests.stack.provider.call import Call
from tests.stack.provider.flag import Flag

Headers = Iterable[tuple[str, str]]

#: Closing sends a reset at once instead of an orderly end.
_RESET = struct.pack("ii", 1, 0)

_numbers = count(1)


class HungUp(Exception):
    """The client closed the connection."""


class Stopped(Exception):
    """The provider is being stopped."""


class Script(Protocol):
    """What the provider does with a request."""

    def play(self, exchange: "Exchange") -> None:
        """Do it."""


class Exchange:
    """Waits, writes and breaks off. Every method ends at once when the client is gone.

    Raises:
        HungUp: the client closed the connection.
        Stopped: the provider is being stopped.
    """

    def __init__(self, call: Call, connection: socket.socket, stopped: Flag) -> None:
        self.call = call
        #: Whether the connection can carry another request.
        self.keep_alive = True
        self._connection = connection
        self._stopped = stopped

    def wait(self, seconds: float | None = None, flag: Flag | None = None) -> None:
        """Wait until the time is up or the flag is set, or for ever."""
        until = None if seconds is None else time.monotonic() + seconds
        poller = select.poll()
        poller.register(self._connection, select.POLLIN)
        poller.register(self._stopped, select.POLLIN)
        if flag is not None:
            poller.register(flag, select.POLLIN)
        while True:
            left = None if until is None else max(0.0, until - time.monotonic()) * 1000
            ready = {descriptor for descriptor, _ in poller.poll(left)}
            if self._stopped.fileno() in ready:
                raise Stopped
            if self._connection.fileno() in ready:
                self._require_client()
                # It sent the next request already, which waits for its turn.
                poller.unregister(self._connection)
            elif not ready or (flag is not None and flag.fileno() in ready):
                return

    def reply(self, status: int, headers: Headers, body: bytes) -> None:
        """Write a whole response."""
        length = ("Content-Length", str(len(body)))
        self.write(self._head(status, (*headers, length)) + body)

    def start(self, status: int, headers: Headers) -> None:
        """Write the status line and the headers of a response."""
        self.write(self._head(status, headers))

    def write(self, data: bytes) -> None:
        """Write bytes as they are, unless the client is gone."""
        self.wait(0)
        try:
            self._connection.sendall(data)
        except OSError as error:
            raise HungUp from error

    def drop(self, reset: bool) -> None:
        """Close the connection after what was written, in order or by a reset."""
        self.keep_alive = False
        if reset:
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)

    def _head(self, status: int, headers: Headers) -> bytes:
        lines = [
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
            f"x-request-id: req_{next(_numbers):08}",
            *(f"{name}: {value}" for name, value in headers),
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def _require_client(self) -> None:
        try:
            there = self._connection.recv(1, socket.MSG_PEEK)
        except OSError as error:
            raise HungUp from error
        if not there:
            raise HungUp
