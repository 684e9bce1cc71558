"""A model's answer, as text, read into the form that it was asked to fill in."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import ValidationError

from grading.rubric.observation import Observation
from workers.evidence.counting import QUOTES_NOT_FOUND
from workers.evidence.parts import Form
from workers.providers.faults import AnswerBreaksSchema, AnswerNotJson, AnswerUnfounded
from workers.providers.schema import places_of

#: Beyond this share of quotes that don't stand in the answer, the rest is worth nothing either.
MOST_NOT_FOUND = 0.5
#: Fewer of them than this prove nothing.
FEWEST_NOT_FOUND = 4

F = TypeVar("F", bound=Form)


@dataclass(frozen=True, slots=True)
class Evidence(Generic[F]):
    """A form as it was filled in, and what of it stands in the answer."""

    form: F
    observations: tuple[Observation, ...]


def reader_of(
    form: type[F], observe: Callable[[F], tuple[Observation, ...]]
) -> Callable[[str], Evidence[F]]:
    """What reads an answer in this form, and raises a fault for any other answer.

    ``observe`` tells what of it stands in the learner's text, and which share of its quotes
    does not.

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
        seen = observe(filled_in)
        [lost] = [item for item in seen if item.kind == QUOTES_NOT_FOUND]
        if lost.value > MOST_NOT_FOUND and float(lost.details["count"]) >= FEWEST_NOT_FOUND:
            raise AnswerUnfounded(f"{lost.value:.0%} of its quotes are not in the learner's text")
        return Evidence(filled_in, seen)

    return read
