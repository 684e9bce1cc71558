"""The provider's server: connections, and the way of a request to its route."""

import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.stack.provider.answers import Answer, ModelList
from tests.stack.provider.call import Call
from tests.stack.provider.errors import unknown_url
from tests.stack.provider.exchange import Exchange, Stopped
from tests.stack.provider.flag import Flag
from tests.stack.provider.route import Route
from tests.stack.provider.transcriptions import Transcribed


class Provider:
    """Speaks OpenAI's API over HTTP/1.1 while its block lasts.

    Raises:
        ExceptionGroup: at the end, when a script or the choice of one failed.
    """

    def __init__(self) -> None:
        #: Chat completions.
        self.chat = Route(lambda _: Answer("{}"))
        self.transcriptions = Route(lambda _: Transcribed.of("I like my city."))
        self.models = Route(lambda _: ModelList())
        self._lost = Route(lambda call: unknown_url(call.method, call.path))
        self._routes = {
            ("POST", "/v1/chat/completions"): self.chat,
            ("POST", "/v1/audio/transcriptions"): self.transcriptions,
            ("GET", "/v1/models"): self.models,
        }
        self._stopped = Flag()
        self._listener = _Listener(self)
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(0.005,), name="provider"
        )

    @property
    def url(self) -> str:
        """What a client takes as its ``base_url``."""
        return f"http://127.0.0.1:{self._listener.server_address[1]}/v1"

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        return len(self._listener.connections)

    @property
    def accepted(self) -> int:
        """How many connections were opened so far."""
        return self._listener.accepted

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown()
        self._thread.join()
        self._stopped.set()
        self._listener.end_connections()
        self._listener.server_close()
        for route in (*self._routes.values(), self._lost):
            route.close()
        self._stopped.close()
        if self._listener.failures and error is None:
            raise ExceptionGroup("the provider failed", self._listener.failures)

    def serve(self, call: Call, connection: socket.socket) -> bool:
        """Do what is scripted; gives whether the connection can carry another request."""
        exchange = Exchange(call, connection, self._stopped)
        try:
            self._routes.get((call.method, call.path), self._lost).serve(exchange)
        except Stopped:
            return False
        return exchange.keep_alive


class _Listener(ThreadingTCPServer):
    """Gives every connection a thread, and knows the open ones."""

    request_queue_size = 1024
    # The end waits for these threads, so that none outlives its test.
    daemon_threads = False

    def __init__(self, provider: Provider) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.provider = provider
        self.connections: set[socket.socket] = set()
        self.accepted = 0
        self.failures: list[Exception] = []

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        self.accepted += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        # An orderly shutdown first, as the base class has it, would forestall a reset.
        self.close_request(request)

    def end_connections(self) -> None:
        """Wake the threads that wait for a next request."""
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # Its client was faster.

    def handle_error(self, *_: Any) -> None:
        """Keep what a script raised; a client may go at any time."""
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, ConnectionError):
            self.failures.append(error)


class _Connection(BaseHTTPRequestHandler):
    """Reads one request after the other from a connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, *_: Any) -> None:
        """Write nothing: the route keeps what was asked."""

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        raw = self.rfile.read(length)
        if len(raw) < length:
            self.close_connection = True
            return
        call = Call(
            method=self.command,
            path=urlsplit(self.path).path,
            headers={name.lower(): value for name, value in self.headers.items()},
            raw=raw,
            received_at=time.monotonic(),
        )
        if not self.server.provider.serve(call, self.connection):
            self.close_connection = True
