"""One answer that was marked by people: their marks beside the machine's, and each other's."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from grading.domain.criterion import Criterion
from grading.domain.marks import Marks

#: The examiner's mark, or the first examiner's, and the machine's score, or the second's.
Pair = tuple[float, float]


class Grouping(StrEnum):
    """What agreement may be told apart by."""

    #: Of the examiners' score.
    BAND = "band"
    #: Which grader scored, and its version.
    GRADER = "grader"
    #: The versions of how models were asked.
    PROMPT = "prompt"
    RUBRIC = "rubric"
    #: Whether the examiners were shown what the machine made of the answer.
    MARKING = "marking"
    #: The groups that the client named when it submitted the work.
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Compared:
    """An answer whose review is done."""

    #: What the examiners' marks came to.
    examiner: Marks
    #: The machine's scores of the criteria that it could measure.
    machine: Mapping[Criterion, Decimal]
    #: The machine's mean before it was rounded; None where it had no score.
    machine_exact: Decimal | None
    #: The marks of the two examiners who were shown nothing of each other's or the machine's.
    blind: tuple[Marks, Marks] | None
    #: Such as ``embedded-writing 1.0``.
    grader: str
    #: Empty where no model took part.
    prompt: str
    rubric: str
    #: What the client sent along, by name.
    labels: Mapping[str, str]

    @property
    def with_machine(self) -> Pair | None:
        """The examiners' whole beside the machine's, neither of them rounded."""
        if self.machine_exact is None:
            return None
        return float(self.examiner.exact), float(self.machine_exact)

    @property
    def criteria_with_machine(self) -> Iterator[tuple[Criterion, Pair]]:
        """The same of the criteria that the machine could measure."""
        for criterion, mark in self.examiner.scores:
            if criterion in self.machine:
                yield criterion, (float(mark), float(self.machine[criterion]))

    @property
    def of_examiners(self) -> Pair | None:
        """The first examiner's whole beside the second's."""
        if self.blind is None:
            return None
        first, second = self.blind
        return float(first.exact), float(second.exact)

    @property
    def criteria_of_examiners(self) -> Iterator[tuple[Criterion, Pair]]:
        """The same of the criteria."""
        if self.blind is not None:
            first, second = self.blind
            for (criterion, mark), (_, other) in zip(first.scores, second.scores, strict=True):
                yield criterion, (float(mark), float(other))

    def groups(self, grouping: Grouping) -> Iterator[tuple[str, str]]:
        """The groups that it is in: the name of the label, empty but for labels, and the value."""
        match grouping:
            case Grouping.BAND:
                yield "", self.examiner.band.value
            case Grouping.GRADER:
                yield "", self.grader
            case Grouping.PROMPT:
                yield "", self.prompt
            case Grouping.RUBRIC:
                yield "", self.rubric
            case Grouping.MARKING:
                yield "", "open" if self.blind is None else "blind"
            case Grouping.LABEL:
                yield from self.labels.items()
