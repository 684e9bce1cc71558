"""What the rubric judges: observations, from whichever source made them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from grading.domain.criterion import Moment, Quote

#: Places of an answer that one piece of evidence may show.
QUOTES_SHOWN = 5

_NOTHING: Mapping[str, float | str] = MappingProxyType({})


def _nothing() -> Mapping[str, float | str]:
    return _NOTHING


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that was measured or seen; something not measured has no observation.

    A measured feature and a language model's finding look alike here: the rubric
    file alone says what each kind is worth.
    """

    #: Snake case; rules of the rubric file name it.
    kind: str
    #: In the unit that the rubric file documents for the kind.
    value: float
    #: Where it was seen, in the answer as submitted.
    quotes: tuple[Quote, ...] = ()
    #: More numbers and words that the rubric's messages may name.
    details: Mapping[str, float | str] = field(default_factory=_nothing)
    #: What ``quotes`` are to a text, of a spoken answer.
    moments: tuple[Moment, ...] = ()
