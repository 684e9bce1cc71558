"""A measurer that loads none of the large models: for tests of what happens around measuring."""

from functools import cache

from grading.domain.work import WritingWork
from grading.rubric.observation import Observation
from workers.writing.light_measure import LightTools, measure_lightly
from workers.writing.measure import Step
from workers.writing.own_text import read_own_text


@cache
def _tools() -> LightTools:
    return LightTools()


class LightMeasurer:
    """Observes what can be observed at once; a Measurer."""

    def measure(self, work: WritingWork, step: Step) -> tuple[Observation, ...]:
        """Observe ``work``."""
        step(0.0, "Measuring lightly")
        return measure_lightly(read_own_text(work), _tools())
