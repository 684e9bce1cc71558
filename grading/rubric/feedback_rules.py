"""A version of the feedback's texts, as it is written from."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from grading.domain.criterion import Criterion
from grading.domain.feedback import FeedbackLanguage
from grading.domain.result import CapReason

#: One text in every language.
Texts = Mapping[FeedbackLanguage, str]


class Side(StrEnum):
    """What a remark is."""

    STRENGTH = "strength"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class Case:
    """Texts for some observations of a kind: those that keep all of its bounds."""

    #: The value lies under this; None where there is no such bound.
    below: float | None
    #: The value lies over this; None where there is no such bound.
    above: float | None
    #: The detail that starts with ``starts``; empty where none is asked.
    detail: str
    starts: str
    texts: Mapping[Side, Texts]

    def holds(self, value: float, details: Mapping[str, float | str]) -> bool:
        """Tell whether the case is that of a value and its details."""
        if self.below is not None and not value < self.below:
            return False
        if self.above is not None and not value > self.above:
            return False
        return not self.detail or str(details.get(self.detail, "")).startswith(self.starts)


@dataclass(frozen=True, slots=True)
class KindTexts:
    """What is said of one kind of evidence."""

    #: Two remarks never share one.
    topic: str
    texts: Mapping[Side, Texts]
    #: The side beside which the evidence's quotes stand; None for neither.
    quotes: Side | None
    #: The first that holds gives its texts in the place of ``texts``.
    cases: tuple[Case, ...]

    def choose(self, side: Side, value: float, details: Mapping[str, float | str]) -> Texts:
        """The texts for an observation."""
        for case in self.cases:
            if side in case.texts and case.holds(value, details):
                return case.texts[side]
        return self.texts[side]


@dataclass(frozen=True, slots=True)
class CapTexts:
    """What is said of one cap."""

    criterion: Criterion
    topic: str
    advice: Texts
    #: Kinds whose quotes and values go with it; the first that was seen.
    shows: tuple[str, ...]
    #: Topics on which nothing more can be said when the cap fired.
    doubts: frozenset[str]


@dataclass(frozen=True, slots=True)
class FeedbackRules:
    """One version of all that may be said to a learner."""

    version: str
    #: Words of details, from English to Vietnamese.
    terms: Mapping[str, str]
    #: What is said of a kind that has no texts.
    criteria: Mapping[Criterion, Mapping[Side, Texts]]
    caps: Mapping[CapReason, CapTexts]
    kinds: Mapping[str, KindTexts]
