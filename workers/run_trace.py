"""The spans of a run: one for the whole, and below it its claim and its stages."""

import time
from contextvars import Token

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, Status, StatusCode, set_span_in_context

from grading import tracing
from grading.domain.job import JobStage
from grading.store.records import Claim
from grading.store.run_writes import RunEnd

#: A stage that took less, in nanoseconds, tells nothing that its run's span doesn't.
_SHORTEST = 1_000_000


class RunTrace:
    """Traces a run below the call that submitted its job, in the thread that runs it.

    A job that was submitted untraced has a trace for each run. Does nothing where tracing is off.
    """

    def __init__(self, claim: Claim, asked_ns: int) -> None:
        """``asked_ns`` is when the claim was asked for, in nanoseconds since 1970."""
        self._span: Span | None = None
        self._stage: JobStage | None = None
        tracer = tracing.tracer()
        if tracer is None:
            return
        told = claim.trace
        attributes: dict[str, str | int | float] = {
            "vstep.job.id": str(claim.job_id),
            "vstep.run": claim.run,
            "vstep.retries": claim.retries,
        }
        if told is not None:
            attributes["vstep.waited_seconds"] = told.waited
        if told is not None and told.sent_ago is not None:
            attributes["vstep.message.sends"] = told.sends
            attributes["vstep.message.seconds_since_sent"] = told.sent_ago
        self._span = tracer.start_span(
            "run",
            Context() if told is None else tracing.context_of(told.traceparent),
            attributes=attributes,
            start_time=asked_ns,
        )
        self._below: Context = set_span_in_context(self._span)
        self._token: Token[Context] = attach(self._below)
        self._entered_ns = time.time_ns()
        tracing.tell_span("claim", asked_ns, self._entered_ns)

    def enter(self, stage: JobStage) -> None:
        """Say that the run is in ``stage`` from now on; safe in any thread."""
        if self._span is not None and stage is not self._stage:
            self._leave()
            self._stage = stage

    def settling(self, end: RunEnd) -> None:
        """Say that the run is over, but for writing down ``end``."""
        if self._span is None:
            return
        self._leave()
        self._stage = None
        self._span.set_attribute("vstep.outcome", end.outcome)
        if end.failure is not None:
            self._span.set_attribute("vstep.reason", end.failure.reason.value)
            self._span.set_status(Status(StatusCode.ERROR))

    def settled(self, started_ns: int) -> None:
        """Say that the end, which began to be written at ``started_ns``, is durable."""
        if self._span is not None:
            tracing.tell_span("settle", started_ns, time.time_ns(), context=self._below)

    def stop(self, *, lost: bool) -> None:
        """End the run's span; ``lost`` tells that its lease was."""
        if self._span is None:
            return
        self._leave()
        if lost:
            self._span.set_attribute("vstep.outcome", "lost")
            self._span.set_status(Status(StatusCode.ERROR))
        detach(self._token)
        self._span.end()
        self._span = None

    def _leave(self) -> None:
        now = time.time_ns()
        if self._stage is not None and now - self._entered_ns >= _SHORTEST:
            tracing.tell_span(self._stage.value, self._entered_ns, now, context=self._below)
        self._entered_ns = now
