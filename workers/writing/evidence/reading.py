"""A model's answer, as text, read into the form that it was asked to fill in."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import ValidationError

from grading.rubric.observation import Observation
from workers.providers.faults import AnswerBreaksSchema, AnswerNotJson, AnswerUnfounded
from workers.providers.schema import places_of
from workers.writing.evidence.form import EvidenceForm
from workers.writing.evidence.observations import QUOTES_NOT_FOUND, observe_evidence
from workers.writing.own_text import OwnText

#: Beyond this share of quotes that don't stand in the answer, the rest is worth nothing either.
MOST_NOT_FOUND = 0.5
#: Fewer of them than this prove nothing.
FEWEST_NOT_FOUND = 4

F = TypeVar("F", bound=EvidenceForm)


@dataclass(frozen=True, slots=True)
class Evidence(Generic[F]):
    """A form as it was filled in, and what of it stands in the answer."""

    form: F
    observations: tuple[Observation, ...]


def reader_of(form: type[F], own: OwnText) -> Callable[[str], Evidence[F]]:
    """What reads an answer about ``own`` in this form, and raises a fault for any other answer.

    Raises:
        AnswerNotJson, AnswerBreaksSchema, AnswerUnfounded: when it is called; none holds a
            word of the answer.
    """

    def read(content: str) -> Evidence[F]:
        try:
            document = json.loads(content)
        except (ValueError, RecursionError):
            raise AnswerNotJson("the answer is no JSON") from None
        try:
            filled_in = form.model_validate(document)
        except ValidationError as error:
            raise AnswerBreaksSchema(places_of(error)) from None
        seen = observe_evidence(filled_in, own)
        [lost] = [item for item in seen if item.kind == QUOTES_NOT_FOUND]
        if lost.value > MOST_NOT_FOUND and float(lost.details["count"]) >= FEWEST_NOT_FOUND:
            raise AnswerUnfounded(f"{lost.value:.0%} of its quotes are not in the learner's text")
        return Evidence(filled_in, seen)

    return read
