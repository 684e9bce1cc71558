"""Waiting for a call in flight while the job may be taken away."""

import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import TypeVar

from grading.domain.job import JobStage
from workers.grader import Run

T = TypeVar("T")

#: How often a run looks whether its job is still wanted, in seconds.
LOOK_SECONDS = 0.25


def await_call(call: Future[T], run: Run, progress: float, patience: float) -> T:
    """What ``call`` comes to.

    A call of a job that was cancelled or lost is stopped at once. A worker that is to shut
    down waits for ``patience`` seconds more: what is answered by then is kept, and the next
    run needs not pay for it again.

    Raises:
        LeaseLost, WorkerStopping: the call was stopped.
        ProviderFault: no usable answer came.
    """
    stop_at = float("inf")
    while True:
        try:
            return call.result(timeout=LOOK_SECONDS)
        except NotYet:
            if call.done():
                raise  # its own, not the wait's
        if run.is_stopping:
            stop_at = min(stop_at, time.monotonic() + patience)
        if run.is_lost or time.monotonic() >= stop_at:
            call.cancel()
            run.report(JobStage.MEASURING, progress, "Stopping.")
