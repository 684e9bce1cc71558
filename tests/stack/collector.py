"""A collector of spans: takes OTLP over HTTP, or does what a broken one does."""

import gzip
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.stack.waiting import until


@dataclass(frozen=True)
class Told:
    """A span as it was sent, beside the process that sent it."""

    service: str
    span: Span
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is called."""
        return self.span.name

    @property
    def trace_id(self) -> str:
        """In hexadecimal digits."""
        return self.span.trace_id.hex()

    @property
    def id(self) -> str:
        """In hexadecimal digits."""
        return self.span.span_id.hex()

    @property
    def parent(self) -> str:
        """The id of the span above it; empty where it begins a trace."""
        return self.span.parent_span_id.hex()

    @property
    def links(self) -> list[tuple[str, str]]:
        """The ids of the traces and the spans that it is linked to."""
        return [(link.trace_id.hex(), link.span_id.hex()) for link in self.span.links]


class Collector:
    """Takes spans while its block lasts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spans: list[Told] = []
        #: What was sent, as it was sent.
        self.bodies: list[bytes] = []
        #: The status of each answer.
        self.status = 200
        #: Cleared, it reads what is sent and never answers.
        self.answering = threading.Event()
        self.answering.set()
        #: How many requests came.
        self.requests = 0
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.requests += 1
                collector.answering.wait()
                if collector.status == 200:
                    collector.take(body)
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(collector.status)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """What OTEL_EXPORTER_OTLP_ENDPOINT is to be."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def spans(self) -> list[Told]:
        """What was taken so far."""
        with self._lock:
            return list(self._spans)

    def named(self, name: str) -> list[Told]:
        """The spans of a name."""
        return [told for told in self.spans if told.name == name]

    def await_named(self, name: str, count: int = 1) -> list[Told]:
        """Wait for ``count`` spans of a name."""
        return until(lambda: found if len(found := self.named(name)) >= count else None) or []

    def take(self, body: bytes) -> None:
        """Take what was sent."""
        request = ExportTraceServiceRequest.FromString(body)
        found = []
        for resource in request.resource_spans:
            service = _read(resource.resource.attributes)["service.name"]
            for scope in resource.scope_spans:
                found += [Told(service, span, _read(span.attributes)) for span in scope.spans]
        with self._lock:
            self.bodies.append(body)
            self._spans += found

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.answering.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _read(attributes: Any) -> dict[str, Any]:
    return {item.key: getattr(item.value, item.value.WhichOneof("value")) for item in attributes}
