"""Waiting for calls in flight while the job may be taken away."""

import time
from collections.abc import Collection
from concurrent.futures import Future, wait
from concurrent.futures import TimeoutError as NotYet
from typing import Any, TypeVar

from grading.domain.job import JobStage
from workers.grader import Run

T = TypeVar("T")

#: How often a run looks whether its job is still wanted, in seconds.
LOOK_SECONDS = 0.25


def await_call(call: Future[T], run: Run, progress: float) -> T:
    """What ``call`` comes to.

    Raises:
        LeaseLost, WorkerStopping: the run is over, and the call still in flight.
        ProviderFault: no usable answer came.
    """
    while True:
        try:
            return call.result(timeout=LOOK_SECONDS)
        except NotYet:
            if call.done():
                # It ended as the wait did, or the error is its own.
                return call.result()
        if run.is_lost or run.is_stopping:
            run.report(JobStage.MEASURING, progress, "Stopping.")


def see_out(calls: Collection[Future[Any]], run: Run, patience: float) -> None:
    """Wait until all ``calls`` have ended, for ``patience`` seconds, while the job is this run's.

    What is answered by then is kept, and the next run need not pay for it again.
    """
    until = time.monotonic() + patience
    while not run.is_lost and (left := until - time.monotonic()) > 0:
        if not wait(calls, min(left, LOOK_SECONDS)).not_done:
            return
