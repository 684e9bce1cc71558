"""HTTP/2 as no gRPC library speaks it: frames, headers and messages of one's own."""

import socket
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

import h2.config
import h2.connection
import h2.events
import h2.exceptions

SERVICE = "/vstep.grading.v1.GradingService"
Headers = Sequence[tuple[str | bytes, str | bytes]]


def message(data: bytes, compressed: int = 0, length: int | None = None) -> bytes:
    """A message as gRPC frames it, or with a length that isn't its own."""
    size = len(data) if length is None else length
    return bytes([compressed]) + size.to_bytes(4, "big") + data


@dataclass
class Answer:
    """What came back on one stream."""

    headers: dict[str, str] = field(default_factory=dict)
    data: bytes = b""
    #: Whether the stream ended in order, was reset, or lost its connection.
    end: str = ""
    #: The code of a reset or a GOAWAY.
    code: int = 0

    @property
    def status(self) -> int | None:
        """The call's ``grpc-status``; None where there was none."""
        found = self.headers.get("grpc-status")
        return None if found is None else int(found)


class Connection:
    """One connection; a context manager."""

    def __init__(self, port: int, seconds: float = 10.0) -> None:
        self._until = time.monotonic() + seconds
        self._socket = socket.create_connection(("127.0.0.1", port), seconds)
        self._h2 = h2.connection.H2Connection(
            # What is sent is not looked at: it is meant to be wrong.
            h2.config.H2Configuration(
                client_side=True,
                header_encoding=False,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                validate_inbound_headers=False,
            )
        )
        self.answers: dict[int, Answer] = {}
        #: The code of the server's GOAWAY, and what it says.
        self.goaway: tuple[int, bytes] | None = None
        self.closed = False
        self._signs = 0

    def __enter__(self) -> "Connection":
        self._h2.initiate_connection()
        self.flush()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def call(
        self,
        method: str,
        body: bytes,
        *,
        headers: Headers = (),
        replaced: dict[str, str | bytes] | None = None,
        end: bool = True,
    ) -> int:
        """Begin a call; gives the stream's number."""
        usual: dict[str, str | bytes] = {
            ":method": "POST",
            ":scheme": "http",
            ":path": f"{SERVICE}/{method}",
            ":authority": "127.0.0.1",
            "te": "trailers",
            "content-type": "application/grpc",
            **(replaced or {}),
        }
        stream = self._h2.get_next_available_stream_id()
        self.answers[stream] = Answer()
        self._h2.send_headers(stream, [*usual.items(), *headers])
        self.flush()
        self.send(stream, body, end=end)
        return stream

    def send(self, stream: int, body: bytes, *, end: bool) -> None:
        """Send bytes on a stream, as the server's windows allow."""
        with suppress(h2.exceptions.ProtocolError, OSError):
            while body:
                room = min(
                    self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size
                )
                if room == 0:
                    if not self._read():
                        return
                    continue
                piece, body = body[:room], body[room:]
                self._h2.send_data(stream, piece)
                self.flush()
            if end:
                self._h2.end_stream(stream)
            self.flush()

    def reset(self, streams: Iterable[int]) -> None:
        """Cancel streams."""
        for stream in streams:
            self._h2.reset_stream(stream, 8)
        self.flush()

    def is_alive(self) -> bool:
        """Ask for a sign of life and wait for it; tells whether it came.

        Who goes on sending to a server that has closed loses what it said before: the kernel
        throws away what was not read when it learns of that.
        """
        self._signs = 0
        if self.goaway is None:
            self._h2.ping(b"fuzzfuzz")
            self.flush()
        while self.goaway is None and self._signs == 0 and self._read():
            pass
        return self.goaway is None and self._signs > 0

    def raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        with suppress(OSError):
            self.flush()
            self._socket.sendall(data)

    def flush(self) -> None:
        """Send what was made ready."""
        with suppress(OSError):
            self._socket.sendall(self._h2.data_to_send())

    def answer(self, stream: int) -> Answer:
        """Wait for the end of a stream."""
        found = self.answers[stream]
        while not found.end:
            if not self._read():
                found.end = "lost"
        return found

    def await_end(self) -> bool:
        """Wait until the server closes the connection; tells whether it did."""
        while self._read():
            pass
        return self.closed

    def _read(self) -> bool:
        left = self._until - time.monotonic()
        if left <= 0 or self.closed:
            return False
        self._socket.settimeout(left)
        try:
            data = self._socket.recv(65_536)
        except TimeoutError:
            return False
        except OSError:
            data = b""
        if not data:
            self.closed = True
            return False
        try:
            events = self._h2.receive_data(data)
        except h2.exceptions.ProtocolError:
            self.closed = True
            return False
        for event in events:
            self._take(event)
        self.flush()
        return True

    def _take(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.ConnectionTerminated):
            self.goaway = (int(event.error_code or 0), event.additional_data or b"")
            return
        if isinstance(event, h2.events.PingAckReceived):
            self._signs += 1
            return
        found = self.answers.get(getattr(event, "stream_id", 0) or 0)
        if found is None:
            return
        match event:
            case h2.events.ResponseReceived() | h2.events.TrailersReceived():
                for name, value in event.headers:
                    found.headers[_text(name)] = _text(value)
            case h2.events.DataReceived():
                found.data += event.data
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                found.end = "ended"
            case h2.events.StreamReset():
                found.end, found.code = "reset", int(event.error_code)
            case _:
                pass


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
