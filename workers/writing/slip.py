"""A slip of grammar and where it is."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class SlipKind(StrEnum):
    """What sort of slip it is, in words for a learner."""

    AGREEMENT = "subject and verb do not agree"
    VERB_FORM = "verb form"
    NOUN_NUMBER = "singular or plural"
    ARTICLE = "missing article"
    SENTENCE = "sentence structure"
    PREPOSITION = "preposition"
    COMPARISON = "comparison"
    WORDING = "a wrong or doubled small word"


@dataclass(frozen=True, slots=True)
class Slip:
    """One slip; places are characters of the measured text."""

    kind: SlipKind
    start: int
    end: int


def slip_at(kind: SlipKind, first: Any, last: Any) -> Slip:
    """A slip from one token of the parse to another, whichever comes first."""
    start, end = (first, last) if first.i <= last.i else (last, first)
    return Slip(kind, start.idx, end.idx + len(end))
