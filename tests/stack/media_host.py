"""A host of recordings: a real https server on a loopback port that gives what a test wants."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from types import TracebackType
from typing import Any, Self

from tests.stack.authority import Authority

#: What its certificate names, beside the address.
NAMES = ("media.test", "second.test")
ADDRESS = "127.0.0.1"


@dataclass(frozen=True)
class Reply:
    """An answer to a GET."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    #: The length that is declared; that of the body by default, and None for no word of it.
    length: int | None = -1
    #: Seconds before each byte of the whole answer, for a host that keeps its clients waiting.
    trickle: float = 0.0
    #: Seconds before each byte of the body alone.
    body_trickle: float = 0.0

    @property
    def head(self) -> bytes:
        """The status line and the headers."""
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.length is not None:
            lines.append(f"Content-Length: {len(self.body) if self.length < 0 else self.length}")
        return "\r\n".join((*lines, "", "")).encode("latin-1")


class MediaHost:
    """Serves while its block lasts."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        """Serve with a certificate, or in the clear."""
        #: For each path, what is answered; anything else is not found.
        self.replies: dict[str, Reply] = {}
        #: The paths that were asked for, in order.
        self.asked: list[str] = []
        self.stopped = threading.Event()
        self._listener = _Listener(self, context)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.005,))

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.server_address[1])

    def url(self, path: str, name: str = NAMES[0]) -> str:
        """The address of a path."""
        return f"https://{name}:{self.port}{path}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stopped.set()
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()


@contextmanager
def media_host(authority: Authority) -> Iterator[MediaHost]:
    """A host with a certificate that is right."""
    with MediaHost(authority.context(*NAMES, ADDRESS)) as host:
        yield host


class _Listener(ThreadingTCPServer):
    """Gives every connection a thread."""

    daemon_threads = False

    def __init__(self, host: MediaHost, context: ssl.SSLContext | None) -> None:
        super().__init__((ADDRESS, 0), _Connection)
        self.host = host
        self.context = context

    def finish_request(self, request: Any, client_address: Any) -> None:
        # In the connection's own thread: who trickles its handshake holds up nobody else.
        with suppress(OSError):
            if self.context is None:
                super().finish_request(request, client_address)
                return
            request.settimeout(10)
            with self.context.wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)


class _Connection(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    server: _Listener
    connection: socket.socket

    def do_GET(self) -> None:
        host = self.server.host
        host.asked.append(self.path)
        reply = host.replies.get(self.path, Reply(status=404))
        self.close_connection = True
        self._send(reply.head, reply.trickle)
        self._send(reply.body, reply.trickle or reply.body_trickle)

    def log_message(self, *_: Any) -> None:
        """Write nothing: the host keeps what was asked."""

    def _send(self, content: bytes, trickle: float) -> None:
        pause: Callable[[float], bool] = self.server.host.stopped.wait
        if not trickle:
            self.connection.sendall(content)
            return
        for at in range(len(content)):
            if pause(trickle):
                return
            self.connection.sendall(content[at : at + 1])
