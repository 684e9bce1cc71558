"""Takes spans and forgets them, in a process of its own. ``python -m bench.collector PORT``."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Taking(BaseHTTPRequestHandler):
    """Answers POST as a collector does, and GET with the number of bytes that came so far."""

    protocol_version = "HTTP/1.1"
    taken = 0

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.rfile.read(length)
        type(self).taken += length
        self._answer(b"")

    def do_GET(self) -> None:
        self._answer(str(self.taken).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), _Taking).serve_forever()
