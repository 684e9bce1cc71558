"""An S3-compatible store, played: objects in memory, no signatures checked, no multipart."""

import re
import threading
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

NAME = "recordings"
#: Never to be seen in a log or an error.
SECRET = "hunter2-secret"


class Bucket:
    """Serves one bucket on a loopback port while its block lasts."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        #: The authorization of each request.
        self.signed: list[str] = []
        #: Answers every request with this status instead, where it is set.
        self.failing: int | None = None
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.005,))

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead a client here."""
        return {
            "AWS_ENDPOINT": f"http://127.0.0.1:{self._server.server_address[1]}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "tests",
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, bucket: Bucket) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.bucket = bucket


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_PUT(self) -> None:
        self._serve()

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, *_: Any) -> None:
        """Write nothing."""

    def _serve(self) -> None:
        bucket = self.server.bucket
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        bucket.signed.append(self.headers.get("Authorization", ""))
        key = self.path.partition("?")[0].removeprefix(f"/{NAME}/")
        if bucket.failing is not None:
            self._answer(bucket.failing)
        elif self.command == "PUT":
            bucket.objects[key] = content
            self._answer(200)
        elif self.command == "POST" and self.path.endswith("?delete"):
            deleted = re.findall(r"<Key>(.*?)</Key>", content.decode())
            for each in deleted:
                bucket.objects.pop(each, None)
            told = "".join(f"<Deleted><Key>{each}</Key></Deleted>" for each in deleted)
            self._answer(200, f"<DeleteResult>{told}</DeleteResult>".encode())
        elif key in bucket.objects:
            self._answer(200, bucket.objects[key])
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("ETag", '"tag"')
        self.send_header("Last-Modified", formatdate(usegmt=True))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
