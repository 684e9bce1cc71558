"""Synthetic marks: numbers drawn by a rule that a calibration has to find again."""

from collections.abc import Callable
from random import Random

import pytest

from grading.domain.criterion import Criterion
from grading.domain.mark_scale import MarkScale
from grading.domain.work import Prompt, WritingTask, WritingWork
from grading.rubric.load import load_rubric
from grading.rubric.observation import Observation
from grading.rubric.rubric import Rubric
from workers.calibration.columns import OWN
from workers.calibration.fitting import Measured, with_sources
from workers.calibration.marks import MarkedAnswer, MarkSheet
from workers.writing.embedded import RUBRIC_VERSION

#: Every detail that a message may name.
DETAILS: dict[str, float | str] = {
    "count": 1, "what": "x", "percent": 1.0, "longest": 1, "kinds": 1, "names": "x", "word": "x",
    "missing": "x", "asked": 1, "weakest": "x",
}  # fmt: skip

SCALE = OWN.scale
Drawn = tuple[MarkSheet, list[Measured]]


@pytest.fixture(scope="session")
def rubric() -> Rubric:
    return load_rubric(RUBRIC_VERSION)


def observe(values: dict[str, float]) -> tuple[Observation, ...]:
    """Observations of these values, with every detail."""
    return tuple(Observation(kind, value, details=DETAILS) for kind, value in values.items())


def plain_values(random: Random) -> dict[str, float]:
    """An answer that sets off no cap and no proportion."""
    words = random.uniform(260, 420)
    return {
        "word_count": words,
        "english_word_count": words,
        "grammar_errors": random.uniform(0, 10),
        "sentence_length": random.uniform(9, 24),
        "word_frequency": random.uniform(4.6, 5.5),
        "relevance": random.uniform(0.5, 0.7),
        "instructions_to_grader": float(random.random() < 0.2),
    }


def draw(
    rubric: Rubric, rule: Callable[[dict[str, float], Random], dict[str, float]], n: int
) -> Drawn:
    """``n`` answers to twelve prompts, with the marks that ``rule`` gives them."""
    random = Random(7)
    answers, features = [], []
    for row in range(1, n + 1):
        values = plain_values(random)
        marks = {name: SCALE.nearest(mark) for name, mark in rule(values, random).items()}
        work = WritingWork(WritingTask.ESSAY, f"Answer {row}.", Prompt(f"Prompt {row % 12}"))
        answers.append(MarkedAnswer(row, work, marks))
        features.append(observe(values))
    columns = {name: OWN.criteria[name] for name in answers[0].marks}
    sheet = MarkSheet(tuple(answers), columns, MarkScale(0, 10, 0.5))
    return sheet, with_sources(rubric, answers, features)


def strict_on_errors(values: dict[str, float], random: Random) -> dict[str, float]:
    """Examiners for whom little but errors counts."""
    unit = 8.5 - 0.6 * values["grammar_errors"] + random.gauss(0, 0.4)
    return {"overall": unit, Criterion.GRAMMAR.value: unit - 1}


@pytest.fixture(scope="session")
def drawn(rubric: Rubric) -> Drawn:
    return draw(rubric, strict_on_errors, 240)
