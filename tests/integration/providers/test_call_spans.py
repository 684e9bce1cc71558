"""The spans of calls to providers: what was called, what came of it, and not a word of it."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import Connection, text

from grading.tracing import trace_with
from tests.integration.providers.desk import ESSAY, TASK, Desk
from tests.integration.providers.job_desk import KEY
from tests.stack.llm_worker import NAME
from tests.stack.provider.answers import Answer
from tests.stack.provider.errors import rate_limited
from tests.stack.provider.server import Provider

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TRACE, PARENT = int(CALLER[3:35], 16), int(CALLER[36:52], 16)


@pytest.fixture
def told() -> Iterator[InMemorySpanExporter]:
    """What was told of spans that have ended."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace_with(provider)
    yield exporter
    trace_with(None)


def _named(told: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    return [span for span in told.get_finished_spans() if span.name == name]


def test_each_call_has_a_span_below_its_run(
    desk: Desk, conn: Connection, provider: Provider, told: InMemorySpanExporter
) -> None:
    provider.chat.queue(rate_limited(retry_after=0.1), Answer('{"Zanzibar": 1}'))
    worker = desk.worker(
        openai_model="model-one",
        openai_prices='{"model-one": {"prompt": 1, "completion": 2}}',
    )
    job_id = desk.submit()
    conn.execute(text("UPDATE jobs SET traceparent = :caller"), {"caller": CALLER})
    for _ in range(3):
        worker.runner.run(job_id, NAME)
        conn.execute(text("UPDATE jobs SET next_run_at = NULL"))

    runs = _named(told, "run")
    assert [run.attributes and run.attributes["vstep.outcome"] for run in runs] == [
        "failed", "failed", "completed",
    ]  # fmt: skip
    for run in runs:
        assert run.parent is not None
        assert (run.context.trace_id, run.parent.span_id) == (TRACE, PARENT)
    calls = _named(told, "provider call")
    assert [call.parent and call.parent.span_id for call in calls] == [
        run.context.span_id for run in runs
    ]
    refused, broken, answered = [dict(call.attributes or {}) for call in calls]
    for call in (refused, broken, answered):
        assert call["server.address"] == "127.0.0.1"
        assert call["gen_ai.request.model"] == "model-one"
        assert call["vstep.stage"] == "evidence"
    assert refused["vstep.outcome"] == "rate_limited"
    assert "gen_ai.usage.input_tokens" not in refused
    # What can't be used was paid for all the same.
    assert broken["vstep.outcome"] != answered["vstep.outcome"] == "answered"
    for call in (broken, answered):
        assert call["gen_ai.usage.input_tokens"]
        assert call["gen_ai.usage.output_tokens"]
        assert call["vstep.cost_usd"]
    assert [span.status.is_ok for span in calls] == [False, False, True]

    # A later run that finds the answer kept makes no call, and no span of one.
    shown = "".join(span.to_json() for span in told.get_finished_spans())
    for secret in (KEY, TASK, *ESSAY.split(". "), "Zanzibar", "Rate limit"):
        assert secret not in shown
    assert all(not span.events for span in told.get_finished_spans())
    assert all(not span.status.description for span in told.get_finished_spans())


def test_a_run_of_an_untraced_job_begins_a_trace(desk: Desk, told: InMemorySpanExporter) -> None:
    desk.worker().runner.run(desk.submit(), NAME)
    [run] = _named(told, "run")
    [call] = _named(told, "provider call")
    assert run.parent is None
    assert call.context.trace_id == run.context.trace_id
