"""Rubric files: the shipped one loads, wrong ones say what is wrong and where."""

from importlib import resources

import pytest

from grading.domain.confidence import ConfidenceFactor
from grading.domain.result import CapReason
from grading.rubric.document import RubricError
from grading.rubric.load import load_rubric, read_rubric

TEXT = (resources.files("grading.rubric") / "versions" / "writing-1.0.yaml").read_text("utf-8")


@pytest.mark.parametrize("version", ["writing-1.0", "writing-2.0"])
def test_shipped_version_loads_and_knows_every_cap(version: str) -> None:
    rubric = load_rubric(version)
    assert rubric.version == version
    assert rubric.minimum_words == {1: 120, 2: 250}
    assert {rule.reason for rule in rubric.caps} == set(CapReason) - {
        CapReason.LOW_TRANSCRIPT_CONFIDENCE
    }


def test_confidence_has_the_weights_of_the_rules_of_routing() -> None:
    weights = {rule.factor: rule.weight for rule in load_rubric("writing-2.0").confidence}
    assert weights == {
        ConfidenceFactor.SCORER_AGREEMENT: 30,
        ConfidenceFactor.RULE_VALIDATION: 25,
        ConfidenceFactor.ORIGINALITY: 25,
        ConfidenceFactor.LENGTH_AND_SHAPE: 20,
    }


def test_unknown_version_is_refused() -> None:
    with pytest.raises(RubricError, match="no rubric version"):
        load_rubric("writing-0.0")


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("weight: 0.25", "weight: 0.30", "add up to"),
        ("direction: falling", "direction: sideways", "'sideways' is no Direction"),
        ("kind: spelling_errors", "kind: speling_errors", "not listed under kinds"),
        ("reason: off_topic", "reason: off_subject", "is no CapReason"),
        ("limit: 3.0", "limit: 30", "between 0 and 10"),
        ("start: 5.0", "start: five", "must hold numbers"),
        ("[[0, 0.1], [1, -0.3]", "[[0, 0.1], [1, 0.3]", "not falling"),
        ("[[0, 0.1], [1, -0.3]", "[[1, 0.1], [0, -0.3]", "must rise"),
        ("    lowers: Some words", "    lower: Some words", "unknown key 'lower'"),
        ("message: The answer speaks", "message: The {answer speaks", "no template"),
    ],
)
def test_wrong_file_names_line_and_rule(right: str, wrong: str, complaint: str) -> None:
    assert right in TEXT
    with pytest.raises(RubricError) as raised:
        read_rubric(TEXT.replace(right, wrong, 1), "trial.yaml")
    assert complaint in str(raised.value)
    assert str(raised.value).startswith("trial.yaml:")


def test_the_line_is_that_of_the_rule() -> None:
    broken = TEXT.replace("limit: 3.0", "limit: 30", 1)
    line = broken[: broken.index("limit: 30")].count("\n")
    with pytest.raises(RubricError, match=rf"trial\.yaml:{line}: caps\[0\] \(not_english\)"):
        read_rubric(broken, "trial.yaml")


def test_broken_yaml_and_doubled_keys_are_refused() -> None:
    with pytest.raises(RubricError, match=r"trial\.yaml:"):
        read_rubric("version: [", "trial.yaml")
    with pytest.raises(RubricError, match="given twice"):
        read_rubric("version: a\nversion: b\n", "trial.yaml")
