"""What the rubric that a result was made by says of answers in a band."""

from collections.abc import Mapping

from grading.domain.criterion import Criterion
from grading.domain.merge import Describe
from grading.domain.result import Outcome
from grading.domain.score import Band
from grading.rubric.document import RubricError
from grading.rubric.load import load_rubric


def wording_of(result: Outcome) -> Describe:
    """The words of the result's rubric version.

    Of a version that is not in this release, and of a criterion that the version doesn't have,
    there are none.
    """
    words: Mapping[Criterion, Mapping[Band, str]]
    try:
        rubric = load_rubric(result.provenance.rubric_version)
    except RubricError:
        words = {}
    else:
        words = {rule.criterion: rule.descriptors for rule in rubric.criteria}

    def describe(criterion: Criterion, band: Band) -> str:
        return words[criterion][band] if criterion in words else ""

    return describe
