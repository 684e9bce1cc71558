"""Spans, where tracing is on; where it is off, next to nothing is done.

A job's trace begins with the call that submitted it. The ``traceparent`` of that call's span
stands in the job's row, and every run is a child of it, whichever process it happens in and
however long after. What is told of a span is named by the code: no text of a learner, of a
model or of an error ever is.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    Span,
    SpanKind,
    TraceFlags,
    Tracer,
    TracerProvider,
    get_current_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from grading.tracing_settings import TracingSettings

#: How long a process that ends waits for its last spans to be sent, in seconds.
FLUSH_SECONDS = 1.0

Attributes = Mapping[str, str | int | float | bool]

_PROPAGATOR = TraceContextTextMapPropagator()


class _Tracing:
    """What the process traces with; it is None where tracing is off."""

    provider: TracerProvider | None = None
    tracer: Tracer | None = None


def start_tracing(settings: TracingSettings, service: str) -> None:
    """Send this process's spans where ``settings`` say, as those of ``service`` by default.

    To be called after a fork: what sends them is a thread.
    """
    if settings.otel_exporter_otlp_endpoint is None:
        return
    # Imported here: where tracing is off, none of it is needed.
    from grading.span_export import make_provider

    trace_with(make_provider(settings, service))


def trace_with(provider: TracerProvider | None) -> None:
    """Make spans with ``provider`` from now on; None makes none."""
    _Tracing.provider = provider
    _Tracing.tracer = None if provider is None else provider.get_tracer("vstep-grading")


def stop_tracing() -> None:
    """Make no more spans, and send those that wait; gives up on them after ``FLUSH_SECONDS``."""
    provider = _Tracing.provider
    if provider is None:
        return
    trace_with(None)
    from grading.span_export import flush

    flush(provider, FLUSH_SECONDS)


def tracer_provider() -> TracerProvider | None:
    """What makes spans; None where tracing is off."""
    return _Tracing.provider


@contextmanager
def span(
    name: str,
    attributes: Attributes | None = None,
    *,
    parent: str | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    links: Iterable[str | None] = (),
) -> Iterator[Span]:
    """A span around what is done, below ``parent``, or below the current span without one.

    ``parent`` and ``links`` are in the form of W3C's ``traceparent``.
    """
    tracer = _Tracing.tracer
    if tracer is None:
        yield INVALID_SPAN
        return
    with tracer.start_as_current_span(
        name,
        None if parent is None else context_of(parent),
        kind,
        attributes,
        [link for told in links if (link := _link(told)) is not None],
        # An error's words may quote anything.
        record_exception=False,
        set_status_on_exception=False,
    ) as started:
        yield started


def tell_span(
    name: str,
    start_ns: int,
    end_ns: int,
    attributes: Attributes | None = None,
    *,
    context: Context | None = None,
    links: Iterable[str | None] = (),
) -> None:
    """Make a span of what is over, from moments in nanoseconds since 1970."""
    tracer = _Tracing.tracer
    if tracer is not None:
        found = [link for told in links if (link := _link(told)) is not None]
        started = tracer.start_span(
            name, context, attributes=attributes, links=found, start_time=start_ns
        )
        started.end(end_ns)


def tell_moment(name: str, links: Iterable[str | None] = ()) -> None:
    """Make a span, below the current one, of what takes no time."""
    now = time.time_ns()
    tell_span(name, now, now, links=links)


def tracer() -> Tracer | None:
    """What makes spans by hand; None where tracing is off."""
    return _Tracing.tracer


def current_traceparent() -> str | None:
    """What makes later spans children of the current one; None without one."""
    if _Tracing.tracer is None:
        return None
    found = get_current_span().get_span_context()
    if not found.is_valid:
        return None
    return f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}"


def is_recorded(traceparent: str | None) -> bool:
    """Whether the trace that a ``traceparent`` names is one of those that are recorded."""
    # The other flags say how an id was made.
    return traceparent is not None and bool(int(traceparent[-2:], 16) & TraceFlags.SAMPLED)


def context_of(traceparent: str) -> Context:
    """A context below the span that a ``traceparent`` names; an empty one where it is none."""
    return _PROPAGATOR.extract({"traceparent": traceparent}, Context())


def context_of_headers(headers: Mapping[str, str]) -> Context:
    """A context below the span that a call's headers name; an empty one where they don't."""
    return _PROPAGATOR.extract(headers, Context())


def link_current(traceparent: str | None) -> None:
    """Link the current span to the one that a ``traceparent`` names."""
    if _Tracing.tracer is None or not (current := get_current_span()).is_recording():
        return
    link = _link(traceparent)
    if link is not None:
        current.add_link(link.context)


def trace_ids() -> tuple[str, str] | None:
    """The ids of the current trace and span, in hexadecimal digits; None without one."""
    if _Tracing.tracer is None:
        return None
    found = get_current_span().get_span_context()
    return (f"{found.trace_id:032x}", f"{found.span_id:016x}") if found.is_valid else None


def _link(traceparent: str | None) -> Link | None:
    if traceparent is None:
        return None
    found = get_current_span(context_of(traceparent)).get_span_context()
    return Link(found) if found.is_valid else None
