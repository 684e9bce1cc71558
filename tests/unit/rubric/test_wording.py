"""The rubric's words for a band, for a score that it did not give itself."""

from dataclasses import replace

from grading.domain.criterion import Criterion
from grading.domain.score import Band
from grading.rubric.load import load_rubric
from grading.rubric.wording import wording_of
from tests.stack.scripted_grader import RESULT


def test_the_words_are_those_of_the_results_version() -> None:
    for version in ("writing-1.0", "writing-2.0"):
        result = replace(RESULT, provenance=replace(RESULT.provenance, rubric_version=version))
        [rule] = [r for r in load_rubric(version).criteria if r.criterion is Criterion.GRAMMAR]
        for band in Band:
            assert wording_of(result)(Criterion.GRAMMAR, band) == rule.descriptors[band]
        assert wording_of(result)(Criterion.FLUENCY, Band.C1) == ""


def test_a_version_that_is_not_there_has_no_words() -> None:
    assert wording_of(RESULT)(Criterion.GRAMMAR, Band.C1) == ""
