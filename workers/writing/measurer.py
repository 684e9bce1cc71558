"""Who measures answers: this process, or others beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from grading.domain.work import WritingWork
from grading.rubric.observation import Observation
from workers.measuring_pool import MeasuringPool
from workers.turn import TURN
from workers.writing.measure import Step, measure
from workers.writing.models import load_models


class Measurer(Protocol):
    """Observes all that the language tools can measure in an answer."""

    def measure(self, work: WritingWork, step: Step) -> tuple[Observation, ...]:
        """Observe ``work``; ``step`` hears how far it is.

        Raises:
            TransientFault: it was interrupted, through no fault of the answer.
        """


class MeasuringHere:
    """Measures in this process, with models that are loaded when it is made."""

    def __init__(self) -> None:
        self._models = load_models()

    def measure(self, work: WritingWork, step: Step) -> tuple[Observation, ...]:
        """Observe ``work``."""
        with TURN:
            return measure(work, self._models, step)


class MeasuringElsewhere:
    """Measures in the processes of ``pool``."""

    def __init__(self, pool: MeasuringPool) -> None:
        self._pool = pool

    def measure(self, work: WritingWork, step: Step) -> tuple[Observation, ...]:
        """Observe ``work``.

        ``step`` is called again and again while others are measured first, so that it can raise.

        Raises:
            TransientFault: a process was lost; the next call has new ones.
        """
        return self._pool.call(_measure, work, waiting=lambda: step(0.0, "Measuring the answer"))

    def measure_all(self, works: Sequence[WritingWork]) -> Iterator[tuple[Observation, ...]]:
        """Observe all of ``works``, in their order.

        Raises:
            concurrent.futures.process.BrokenProcessPool: a process was lost.
        """
        return self._pool.call_for_each(_measure, works)


def _measure(work: WritingWork) -> tuple[Observation, ...]:
    return sendable(measure(work, load_models(), _ignore))


def sendable(observations: Sequence[Observation]) -> tuple[Observation, ...]:
    """``observations`` as they can be sent to another process: details may be views."""
    return tuple(replace(item, details=dict(item.details)) for item in observations)


def _ignore(share: float, message: str) -> None:
    del share, message
