"""Sending spans to a collector, in a thread that nobody ever waits for.

Spans wait in a queue of limited length. Where the collector is away, refuses or is slow, the
queue fills, and what comes then is dropped.
"""

import logging
import os
import socket
import threading
from collections.abc import Sequence
from importlib.metadata import version

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    ParentBased,
    Sampler,
    TraceIdRatioBased,
)
from opentelemetry.trace import TracerProvider as AnyTracerProvider

from grading.tracing_settings import TracingSettings

_log = structlog.get_logger(__name__)

#: Instrumentations write down what was raised, whose words and stack may quote anything, as
#: events. This service has none of its own.
_LIMITS = SpanLimits(max_events=0)


def make_provider(settings: TracingSettings, service: str) -> TracerProvider:
    """Make what makes spans, and starts the thread that sends them.

    ``settings`` must name an endpoint.
    """
    assert settings.otel_exporter_otlp_endpoint is not None
    # It tells of each try that failed; the exporter below tells once.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    provider = TracerProvider(
        sampler=_sampler(settings),
        resource=Resource.create(
            {
                "service.name": settings.otel_service_name or service,
                "service.version": version("vstep-grading"),
                "service.instance.id": f"{socket.gethostname()}-{os.getpid()}",
            }
        ),
        # Nobody but ``flush`` ends it, since it may wait for long.
        shutdown_on_exit=False,
        span_limits=_LIMITS,
    )
    endpoint = settings.otel_exporter_otlp_endpoint.rstrip("/")
    exporter = _Telling(OTLPSpanExporter(f"{endpoint}/v1/traces"))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def flush(provider: AnyTracerProvider, seconds: float) -> None:
    """Send what waits, and end; after ``seconds`` it is left behind.

    Nothing may be traced with ``provider`` afterwards.
    """
    if not isinstance(provider, TracerProvider):
        return
    # What it does about a collector that doesn't answer lasts longer than anybody should wait.
    ending = threading.Thread(target=provider.shutdown, name="last spans", daemon=True)
    ending.start()
    ending.join(seconds)


class _Telling(SpanExporter):
    """Tells when the collector stops taking spans, and when it takes them again."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._taken = True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans; those that the collector doesn't take are lost."""
        result = self._exporter.export(spans)
        taken = result is SpanExportResult.SUCCESS
        if taken != self._taken:
            self._taken = taken
            if taken:
                _log.info("collector_takes_spans_again")
            else:
                _log.warning("collector_takes_no_spans")
        return result

    def shutdown(self) -> None:
        """End."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing waits here."""
        return self._exporter.force_flush(timeout_millis)


def _sampler(settings: TracingSettings) -> Sampler:
    name = settings.otel_traces_sampler
    root: Sampler
    if name.endswith("always_on"):
        root = ALWAYS_ON
    elif name.endswith("always_off"):
        root = ALWAYS_OFF
    else:
        root = TraceIdRatioBased(settings.otel_traces_sampler_arg)
    return ParentBased(root) if name.startswith("parentbased") else root
