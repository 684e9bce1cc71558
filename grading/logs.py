"""Logs: one JSON object a line, events with fields, never a learner's text."""

import json
import logging
import sys
from types import TracebackType
from typing import Any

import structlog

from grading.private_traceback import private_traceback
from grading.tracing import trace_ids


def _to_line(event: Any, **options: Any) -> bytes:
    return json.dumps(event, **options).encode()


def _add_trace(_: Any, __: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Name the trace and the span in which something was told."""
    if (ids := trace_ids()) is not None:
        event["trace_id"], event["span_id"] = ids
    return event


def _tell_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        logging.getLogger(__name__).critical("uncaught", exc_info=(kind, error, trace))


def configure_logs(level: str) -> None:
    """Send the project's and the libraries' logs to standard error as JSON lines."""
    severity = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_trace,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(private_traceback),
    ]
    # Straight to the stream: the detour through the standard library's logging
    # costs several times as much, on every call that the server answers.
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=_to_line)],
        wrapper_class=structlog.make_filtering_bound_logger(severity),
        logger_factory=structlog.BytesLoggerFactory(file=sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    # Both would be written as they come, on many lines.
    logging.captureWarnings(True)
    sys.excepthook = _tell_uncaught
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # At debug some libraries write down what they send and get.
    root.setLevel(max(severity, logging.INFO))
