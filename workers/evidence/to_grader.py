"""Answers that speak to whoever grades them: no evidence is taken from a model on these."""

from collections.abc import Sequence

from grading.domain.criterion import Quote
from grading.rubric.observation import Observation
from workers.evidence.counting import quotes_shown
from workers.evidence.parts import Form
from workers.evidence.passages import Passages
from workers.writing.own_text import OwnText

#: The kind of the observation, and the reason why no model took part.
TO_GRADER = "instructions_to_grader"


def passages_to_grader(form: Form, own: OwnText) -> tuple[Quote, ...]:
    """Where the model saw the answer speak to the grader; only what stands there."""
    passages = Passages(own)
    return quotes_shown(passages.find(quoted) for quoted in form.speaks_to_grader)


def observe_passages(passages: tuple[Quote, ...]) -> Observation:
    """Passages to the grader that only a model saw."""
    return Observation(TO_GRADER, float(len(passages)), passages)


def with_passages(
    observed: Sequence[Observation], passages: Observation
) -> tuple[Observation, ...]:
    """Put what a model saw in the place of what was measured; the flag rests on it."""
    return (*(item for item in observed if item.kind != TO_GRADER), passages)
