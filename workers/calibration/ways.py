"""The ways of scoring that a calibration can be fitted to."""

from collections.abc import Sequence
from dataclasses import dataclass

from grading.domain.work import WritingTask
from grading.rubric.load import load_rubric
from grading.rubric.observation import Observation
from grading.rubric.points import FEATURES_ALONE
from grading.rubric.rubric import Rubric, Scorer
from workers.calibration.fitting import Measured, with_sources
from workers.calibration.marks import MarkedAnswer
from workers.writing import embedded, llm
from workers.writing.light_measure import LIGHT_VERSION, LightTools, measure_lightly
from workers.writing.measure import FEATURE_VERSION
from workers.writing.own_text import read_own_text

Observations = Sequence[tuple[Observation, ...]]


@dataclass(frozen=True, slots=True)
class Way:
    """A rubric, those who score by it, and what they see of each marked answer."""

    rubric: Rubric
    scorers: frozenset[Scorer]
    #: The version of what is observed, as a worker that grades so asks of a calibration.
    feature_version: str
    measured: Sequence[Measured]

    def of_task(self, task: WritingTask) -> Sequence[Measured]:
        """The answers to ``task``."""
        return [item for item in self.measured if item.answer.work.task is task]


def by_features(answers: Sequence[MarkedAnswer], features: Observations) -> Way:
    """As the embedded grader scores."""
    rubric = load_rubric(embedded.RUBRIC_VERSION)
    measured = with_sources(rubric, answers, features)
    return Way(rubric, FEATURES_ALONE, FEATURE_VERSION, measured)


def by_both(answers: Sequence[MarkedAnswer], features: Observations, seen: Observations) -> Way:
    """As a worker scores that hears a model beside its own measuring."""
    rubric, scorers = load_rubric(llm.RUBRIC_VERSION), frozenset(Scorer)
    measured = with_sources(rubric, answers, features, seen, scorers)
    return Way(rubric, scorers, llm.observed_version(FEATURE_VERSION), measured)


def by_evidence(answers: Sequence[MarkedAnswer], seen: Observations) -> Way:
    """As a worker scores that measures only what bounds a model's evidence."""
    rubric, scorers = load_rubric(llm.RUBRIC_VERSION), frozenset({Scorer.EVIDENCE})
    tools = LightTools()
    light = [measure_lightly(read_own_text(answer.work), tools) for answer in answers]
    measured = with_sources(rubric, answers, light, seen, scorers)
    return Way(rubric, scorers, llm.observed_version(LIGHT_VERSION), measured)
