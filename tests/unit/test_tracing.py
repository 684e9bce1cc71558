"""Tracing in a process: nothing where it is off, the caller's choice where it is on."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from grading import tracing
from grading.span_export import make_provider
from grading.tracing_settings import TracingSettings
from server.accept_span import accept_span
from server.interceptors.call_tracing import has_a_span
from tests.stack.process import CHECKOUT, environment
from tests.stack.submissions import new_job

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
UNRECORDED = "00-5bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"


@pytest.fixture
def told() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.trace_with(provider)
    yield exporter
    tracing.trace_with(None)


def test_off_makes_no_spans() -> None:
    tracing.start_tracing(TracingSettings.model_validate({}), "service")
    with tracing.span("anything", parent=CALLER) as made:
        assert not made.is_recording()
        assert tracing.current_traceparent() is None
        assert tracing.trace_ids() is None
    tracing.tell_moment("anything")
    tracing.stop_tracing()


@pytest.mark.parametrize("module", ["server.bootstrap", "tests.stack.scripted_worker"])
def test_off_loads_nothing_that_sends_spans(module: str) -> None:
    loaded = f"import sys, {module}; print(*(m for m in sys.modules if 'opentelemetry' in m))"
    settings = {"DATABASE_URL": "postgresql://db/vstep", "RABBITMQ_URL": "amqp://mq"}
    names = subprocess.run(
        [sys.executable, "-c", loaded],
        cwd=CHECKOUT,
        env=environment(settings),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "opentelemetry.trace" in names
    # The client of Redis brings the part of the SDK that is for metrics.
    assert "opentelemetry.sdk.trace" not in names
    assert "opentelemetry.exporter" not in names


def test_what_is_below_a_span_follows_its_parent(told: InMemorySpanExporter) -> None:
    with tracing.span("run", parent=CALLER, links=[UNRECORDED, None, "nonsense"]):
        below = tracing.current_traceparent()
    [span] = told.get_finished_spans()
    assert below is not None
    assert below[3:35] == CALLER[3:35]
    assert below[36:52] == f"{span.context.span_id:016x}"
    assert [f"{link.context.trace_id:032x}" for link in span.links] == [UNRECORDED[3:35]]


def test_what_the_caller_does_not_record_is_recorded_nowhere(told: InMemorySpanExporter) -> None:
    with tracing.span("run", parent=UNRECORDED):
        below = tracing.current_traceparent()
    assert below is not None
    assert below.endswith("-00")
    assert not tracing.is_recorded(below)
    assert told.get_finished_spans() == ()


def test_a_span_says_nothing_of_what_was_raised(told: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="Zanzibar"), tracing.span("run"):
        raise ValueError("Zanzibar")
    [span] = told.get_finished_spans()
    assert "Zanzibar" not in span.to_json()


def test_a_shared_transaction_is_below_one_recorded_call_and_linked_to_the_others(
    told: InMemorySpanExporter,
) -> None:
    other = CALLER.replace("4bf9", "6bf9")
    jobs = [
        replace(new_job(), traceparent=trace) for trace in (None, UNRECORDED, CALLER, other, other)
    ]
    with accept_span(jobs):
        pass
    [span] = told.get_finished_spans()
    assert span.parent is not None
    assert f"{span.context.trace_id:032x}" == CALLER[3:35]
    assert [f"{link.context.trace_id:032x}" for link in span.links] == [other[3:35]]
    assert span.attributes == {"vstep.jobs": 5}


def test_the_sampler_is_what_the_settings_say() -> None:
    settings = TracingSettings.model_validate(
        {
            "otel_exporter_otlp_endpoint": "http://127.0.0.1:9",
            "otel_traces_sampler": "parentbased_traceidratio",
            "otel_traces_sampler_arg": 0.25,
        }
    )
    provider = make_provider(settings, "service")
    assert isinstance(provider.sampler, ParentBased)
    root = TraceIdRatioBased(0.25)
    assert root.get_description() in provider.sampler.get_description()
    provider.shutdown()


def test_a_stream_has_no_span_of_its_own() -> None:
    service = "/vstep.grading.v1.GradingService"
    for method in ("WatchJob", "WatchJobs"):
        assert not has_a_span(f"{service}/{method}")
    for method in ("SubmitJob", "GetResult", "UploadAudio"):
        assert has_a_span(f"{service}/{method}")
    assert not has_a_span("/grpc.health.v1.Health/Check")
