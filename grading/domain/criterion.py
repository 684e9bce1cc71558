"""Criteria, and the places of an answer that speak for a score."""

from dataclasses import dataclass
from enum import StrEnum


class Criterion(StrEnum):
    """What a criterion score is given for."""

    TASK_FULFILLMENT = "task_fulfillment"
    ORGANIZATION = "organization"
    VOCABULARY = "vocabulary"
    GRAMMAR = "grammar"
    PRONUNCIATION = "pronunciation"
    FLUENCY = "fluency"
    DISCOURSE_MANAGEMENT = "discourse_management"


WRITING_CRITERIA = (
    Criterion.TASK_FULFILLMENT,
    Criterion.ORGANIZATION,
    Criterion.VOCABULARY,
    Criterion.GRAMMAR,
)
SPEAKING_CRITERIA = (
    Criterion.GRAMMAR,
    Criterion.VOCABULARY,
    Criterion.PRONUNCIATION,
    Criterion.FLUENCY,
    Criterion.DISCOURSE_MANAGEMENT,
)
#: What sound alone tells of, and nobody guesses from words.
SOUND_CRITERIA = frozenset({Criterion.PRONUNCIATION, Criterion.FLUENCY})


@dataclass(frozen=True, slots=True)
class Quote:
    """Characters ``start`` to ``end`` (exclusive, code points) of the answer as submitted."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Moment:
    """What is heard from ``start`` to ``end``, in seconds of the recording as submitted.

    What a Quote is to a text.
    """

    #: The words as they were recognised; empty where none were, as in a pause.
    text: str
    start: float
    end: float
