"""How much a result can be relied on, and what says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum


class ConfidenceFactor(StrEnum):
    """What speaks for or against a result."""

    #: Independent scorers came to the same score.
    SCORER_AGREEMENT = "scorer_agreement"
    #: The answer keeps the formal rules of its task.
    RULE_VALIDATION = "rule_validation"
    #: The words are the writer's own.
    ORIGINALITY = "originality"
    #: Length, sentences, paragraphs and words are those of an answer to such a task.
    LENGTH_AND_SHAPE = "length_and_shape"
    #: What a model says it saw stands in the answer.
    EVIDENCE_SUPPORT = "evidence_support"


@dataclass(frozen=True, slots=True)
class FactorScore:
    """One factor that could be measured."""

    factor: ConfidenceFactor
    #: 0 to 100.
    value: Decimal
    #: Its weight beside the other factors, as the rubric has it.
    weight: Decimal


@dataclass(frozen=True, slots=True)
class Confidence:
    """The weighted mean of the factors that could be measured."""

    #: 0 to 100.
    value: int
    factors: tuple[FactorScore, ...]

    @classmethod
    def of(cls, factors: Sequence[FactorScore]) -> "Confidence":
        """Put the measured factors together.

        The weight of one that is missing is shared out among the rest, which is
        what dividing by the weights that are there comes to. Where none was
        measured nothing speaks for the result: 0.
        """
        weights = sum((item.weight for item in factors), Decimal(0))
        if not weights:
            return cls(0, ())
        mean = sum((item.value * item.weight for item in factors), Decimal(0)) / weights
        return cls(int(mean.quantize(Decimal(1), rounding=ROUND_HALF_UP)), tuple(factors))
