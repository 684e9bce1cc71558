"""The client's part of a trace: a span a call where the caller traces, and its context always."""

from collections.abc import Iterator
from concurrent import futures
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from client.client import GradingClient
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.grading_service_pb2_grpc import (
    GradingServiceServicer,
    add_GradingServiceServicer_to_server,
)
from vstep.grading.v1.job_pb2 import JOB_STATE_COMPLETED, Job, JobEvent

JOB = "01970000-0000-7000-8000-000000000001"
GET_JOB = "/vstep.grading.v1.GradingService/GetJob"


@dataclass
class _Noting(GradingServiceServicer):
    """Answers, and notes the ``traceparent`` of each call."""

    came: list[str | bytes | None] = field(default_factory=list)

    def GetJob(self, request: messages.GetJobRequest, context: Any) -> messages.GetJobResponse:
        self.came.append(dict(context.invocation_metadata()).get("traceparent"))
        return messages.GetJobResponse(job=Job(id=request.job_id))

    def WatchJob(
        self, request: messages.WatchJobRequest, context: Any
    ) -> Iterator[messages.WatchJobResponse]:
        self.came.append(dict(context.invocation_metadata()).get("traceparent"))
        event = JobEvent(job_id=request.job_id, sequence=1, state=JOB_STATE_COMPLETED)
        yield messages.WatchJobResponse(event=event)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """What the calling program, which traces, was told."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    return exporter


@pytest.fixture
def service() -> Iterator[tuple[_Noting, str]]:
    noting = _Noting()  # type: ignore[abstract]  # the other methods are not called
    server = grpc.server(futures.ThreadPoolExecutor(4))
    add_GradingServiceServicer_to_server(noting, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield noting, f"127.0.0.1:{port}"
    server.stop(None).wait()


def test_a_caller_that_traces_has_a_span_for_each_call_and_none_for_streams(
    told: InMemorySpanExporter, service: tuple[_Noting, str]
) -> None:
    noting, address = service
    tracer = trace.get_tracer_provider().get_tracer("caller")
    with GradingClient(address) as client, tracer.start_as_current_span("caller") as around:
        client.get(JOB)
        assert len(list(client.watch(JOB))) == 1
    caller = around.get_span_context()
    [called] = [span for span in told.get_finished_spans() if span.name != "caller"]
    assert called.name == GET_JOB
    assert called.parent is not None
    assert called.parent.span_id == caller.span_id
    trace_id = f"{caller.trace_id:032x}"
    got, watched = (str(parent) for parent in noting.came)
    assert got.startswith(f"00-{trace_id}-{called.context.span_id:016x}-")
    assert watched.startswith(f"00-{trace_id}-{caller.span_id:016x}-")


def test_a_caller_that_does_not_trace_sends_nothing(service: tuple[_Noting, str]) -> None:
    noting, address = service
    with GradingClient(address) as client:
        client.get(JOB)
        list(client.watch(JOB))
    assert noting.came == [None, None]
