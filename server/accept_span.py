"""The span of a transaction that takes in submissions of several calls."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from grading.store.records import NewJob
from grading.tracing import is_recorded, span


def accept_span(jobs: Sequence[NewJob]) -> AbstractContextManager[Any]:
    """A span below the first call whose trace is recorded, and linked to the others'.

    Of whoever the task is in which it happens: a task that commits for many is nobody's.
    """
    traces = [job.traceparent for job in jobs if is_recorded(job.traceparent)]
    if not traces:
        return nullcontext()
    first, *others = traces
    return span("accept", {"vstep.jobs": len(jobs)}, parent=first, links=dict.fromkeys(others))
