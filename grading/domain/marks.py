"""An examiner's marks: a score for every criterion, and what they come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from grading.domain.criterion import SPEAKING_CRITERIA, WRITING_CRITERIA, Criterion
from grading.domain.score import Band, band_of, round_score
from grading.domain.work import Skill

#: The criteria of each skill, which weigh the same, in the exam's order.
CRITERIA: Mapping[Skill, tuple[Criterion, ...]] = {
    Skill.WRITING: WRITING_CRITERIA,
    Skill.SPEAKING: SPEAKING_CRITERIA,
}


@dataclass(frozen=True, slots=True)
class Marks:
    """Scores of 0 to 10, one for each criterion of a skill."""

    #: In the exam's order. One examiner's are in steps of 0.5, a mean of two in steps of 0.25.
    scores: tuple[tuple[Criterion, Decimal], ...]

    @classmethod
    def of(cls, skill: Skill, scores: Mapping[Criterion, Decimal]) -> "Marks":
        """Put the scores of a skill's criteria in their order.

        Raises:
            ValueError: a criterion is missing, or one is of another skill.
        """
        wanted = CRITERIA[skill]
        if set(scores) != set(wanted):
            names = ", ".join(criterion.value for criterion in wanted)
            raise ValueError(f"must hold a score for each of {names}, and for no other")
        return cls(tuple((criterion, scores[criterion]) for criterion in wanted))

    @property
    def exact(self) -> Decimal:
        """The mean, before it is rounded."""
        return sum((score for _, score in self.scores), Decimal(0)) / len(self.scores)

    @property
    def score(self) -> Decimal:
        """The mean in steps of 0.5, ties up."""
        return round_score(self.exact)

    @property
    def band(self) -> Band:
        """The band of ``score``."""
        return band_of(self.score)


def mean_of(marks: Sequence[Marks]) -> Marks:
    """What several examiners' marks of one answer come to, criterion by criterion."""
    by_criterion = [dict(one.scores) for one in marks]
    return Marks(
        tuple(
            (criterion, sum((one[criterion] for one in by_criterion), Decimal(0)) / len(marks))
            for criterion, _ in marks[0].scores
        )
    )
