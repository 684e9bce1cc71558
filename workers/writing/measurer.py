"""Who measures answers: this process, or others beside it."""

from typing import Protocol

from grading.domain.work import WritingWork
from grading.rubric.observation import Observation
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
