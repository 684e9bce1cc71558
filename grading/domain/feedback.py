"""What a learner can take from a result."""

from dataclasses import dataclass
from enum import StrEnum

from grading.domain.criterion import Criterion, Moment, Quote


class FeedbackLanguage(StrEnum):
    """The language that a learner is addressed in; its code of ISO 639-1."""

    ENGLISH = "en"
    VIETNAMESE = "vi"


@dataclass(frozen=True, slots=True)
class Remark:
    """One sentence or two to the learner, about one criterion."""

    criterion: Criterion
    text: str
    #: The places it speaks of; at most five.
    quotes: tuple[Quote, ...] = ()
    moments: tuple[Moment, ...] = ()


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A sentence of the learner's own, put better."""

    #: The sentence where it was written; None of one that was spoken.
    quote: Quote | None
    text: str
    #: What makes it better, in the language of the feedback.
    reason: str
    #: The sentence when it was said; None of one that was written.
    moment: Moment | None = None


@dataclass(frozen=True, slots=True)
class Feedback:
    """What went well and what to work on, most telling first."""

    language: FeedbackLanguage
    strengths: tuple[Remark, ...]
    to_work_on: tuple[Remark, ...]
    #: Only where a language model took part.
    rewrites: tuple[Rewrite, ...] = ()
