"""A client that opens a health ``Watch`` and takes nothing of what comes."""

import socket
import struct

from grpc_health.v1 import health_pb2

_DATA, _HEADERS, _SETTINGS = 0, 1, 4
_END_STREAM, _END_HEADERS = 0x1, 0x4
_INITIAL_WINDOW_SIZE = 4


class DeafWatcher:
    """Speaks just enough HTTP/2 to open a stream whose window has no room at all.

    gRPC's own clients always take a window full. Nor does this one take what came to its socket.
    """

    def __init__(self, port: int, service: str) -> None:
        message = health_pb2.HealthCheckRequest(service=service).SerializeToString()
        headers = {
            ":method": "POST",
            ":scheme": "http",
            ":path": "/grpc.health.v1.Health/Watch",
            ":authority": f"127.0.0.1:{port}",
            "content-type": "application/grpc",
            "te": "trailers",
        }
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.sendall(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
            + _frame(_SETTINGS, 0, 0, struct.pack(">HI", _INITIAL_WINDOW_SIZE, 0))
            + _frame(_HEADERS, _END_HEADERS, 1, b"".join(map(_literal, headers.items())))
            + _frame(_DATA, _END_STREAM, 1, struct.pack(">BI", 0, len(message)) + message)
        )

    @property
    def admitted(self) -> bool:
        """Whether the server began to answer; looks at what came without taking it."""
        came = self._socket.recv(4096, socket.MSG_PEEK)
        while len(came) >= 9:
            length = int.from_bytes(came[:3], "big")
            kind, flags, stream = struct.unpack(">BBI", came[3:9])
            if (kind, stream) == (_HEADERS, 1):
                return not flags & _END_STREAM
            came = came[9 + length :]
        return False

    def close(self) -> None:
        """Leave."""
        self._socket.close()


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _literal(header: tuple[str, str]) -> bytes:
    """A header that stands in no table."""
    name, value = (part.encode() for part in header)
    return bytes([0, len(name)]) + name + bytes([len(value)]) + value
