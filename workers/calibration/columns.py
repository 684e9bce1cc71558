"""The columns of a file of marks, and the criterion that each speaks of."""

from collections.abc import Mapping
from dataclasses import dataclass

from grading.domain.criterion import WRITING_CRITERIA, Criterion
from grading.domain.mark_scale import MarkScale


@dataclass(frozen=True, slots=True)
class MarkColumns:
    """One way to name the columns that hold marks."""

    #: The criterion that a column is a mark of; None for the unit as a whole.
    criteria: Mapping[str, Criterion | None]
    #: The scale of the marks where none is told.
    scale: MarkScale


#: The service's own names, on its own scale.
OWN = MarkColumns(
    criteria={"overall": None, **{criterion.value: criterion for criterion in WRITING_CRITERIA}},
    scale=MarkScale(0, 10, 0.5),
)

#: The names and the scale of the ELLIPSE corpus. Its analytic traits are finer than our
#: criteria: several speak of one, whose mark is then their mean. None is about fulfilling
#: the task.
ELLIPSE = MarkColumns(
    criteria={
        "Overall": None,
        "Cohesion": Criterion.ORGANIZATION,
        "Syntax": Criterion.GRAMMAR,
        "Vocabulary": Criterion.VOCABULARY,
        "Phraseology": Criterion.VOCABULARY,
        "Grammar": Criterion.GRAMMAR,
        "Conventions": Criterion.GRAMMAR,
    },
    scale=MarkScale(1, 5, 0.5),
)

FAMILIES = (OWN, ELLIPSE)
