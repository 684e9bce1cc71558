"""Waiting for a call: its answer, its error, and no error of the waiting itself."""

from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet

import pytest

from workers.providers.faults import ServerFault
from workers.providers.waiting import await_call
from workers.unwatched_run import UnwatchedRun


class _JustTooLate(Future[str]):
    """Done in the moment in which the first wait for it has just ended."""

    def __init__(self, comes_to: str | Exception) -> None:
        super().__init__()
        self._comes_to = comes_to
        self._waits = 0

    def result(self, timeout: float | None = None) -> str:
        self._waits += 1
        if self._waits > 1:
            return super().result(timeout)
        if isinstance(self._comes_to, str):
            self.set_result(self._comes_to)
        else:
            self.set_exception(self._comes_to)
        raise NotYet


def test_an_answer_that_comes_as_a_wait_ends_is_taken() -> None:
    assert await_call(_JustTooLate("an answer"), UnwatchedRun(), 0.2) == "an answer"


def test_so_is_a_fault() -> None:
    with pytest.raises(ServerFault):
        await_call(_JustTooLate(ServerFault("status 500")), UnwatchedRun(), 0.2)


def test_a_calls_own_time_out_is_no_wait() -> None:
    call: Future[str] = Future()
    call.set_exception(TimeoutError("its own"))
    with pytest.raises(TimeoutError, match="its own"):
        await_call(call, UnwatchedRun(), 0.2)
