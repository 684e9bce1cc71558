"""The file of the feedback's texts: the shipped one is whole, wrong ones say what is wrong."""

import re
from importlib import resources

import pytest

from grading.domain.criterion import WRITING_CRITERIA
from grading.domain.feedback import FeedbackLanguage
from grading.domain.result import CapReason
from grading.rubric.document import RubricError
from grading.rubric.feedback_rules import Side
from grading.rubric.load import load_rubric
from grading.rubric.load_feedback import load_feedback, read_feedback
from grading.rubric.phrase import fill

TEXT = (resources.files("grading.rubric") / "versions" / "feedback-1.0.yaml").read_text("utf-8")
RULES = load_feedback("1.0")
RUBRICS = [load_rubric(version) for version in ("writing-1.0", "writing-2.0")]
MOVING = {rule.kind for rubric in RUBRICS for rule in rubric.rules} | {
    f"{rule.kind}_shortfall" for rubric in RUBRICS for rule in rubric.proportions
}
#: Letters that only Vietnamese has.
VIETNAMESE = re.compile("[ăâđêôơưạảấầậắặẹẻếềệịọốồộớờợụủứừựỳ]")


def _every_text() -> list[tuple[FeedbackLanguage, str]]:
    sides = [
        *(texts for kind in RULES.kinds.values() for texts in kind.texts.values()),
        *(
            texts
            for kind in RULES.kinds.values()
            for case in kind.cases
            for texts in case.texts.values()
        ),
        *(cap.advice for cap in RULES.caps.values()),
        *(texts for general in RULES.criteria.values() for texts in general.values()),
    ]
    return [(language, text) for texts in sides for language, text in texts.items()]


def test_every_kind_that_moves_a_criterion_has_texts() -> None:
    assert MOVING - set(RULES.kinds) == set()
    for kind in RULES.kinds.values():
        assert set(kind.texts) == set(Side)


def test_every_criterion_and_cap_has_texts() -> None:
    assert set(RULES.criteria) == set(WRITING_CRITERIA)
    assert set(RULES.caps) == set(CapReason) - {CapReason.LOW_TRANSCRIPT_CONFIDENCE}


def test_every_text_is_there_in_its_own_language() -> None:
    texts = _every_text()
    english = [text for language, text in texts if language is FeedbackLanguage.ENGLISH]
    vietnamese = [text for language, text in texts if language is FeedbackLanguage.VIETNAMESE]
    assert len(english) == len(vietnamese) > 80
    assert [text for text in vietnamese if not VIETNAMESE.search(text)] == []
    assert [text for text in english if VIETNAMESE.search(text)] == []
    assert [text for _, text in texts if text[-1] not in ".?”"] == []


def test_numbers_take_the_word_that_fits_them() -> None:
    assert fill("{count:slip|slips}", {"count": 1}) == "1 slip"
    assert fill("{count:slip|slips}", {"count": 2}) == "2 slips"
    assert fill("{count:slip|slips}", {"count": 0}) == "0 slips"
    assert fill("{value} of {percent}%", {"value": 251.0, "percent": 66.7}) == "251 of 67%"
    assert fill("{weakest}", {"weakest": "Say {why}: 5|6"}) == "Say {why}: 5|6"


def test_unknown_version_is_refused() -> None:
    with pytest.raises(RubricError, match="no version"):
        load_feedback("0.0")


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("{count:spelling slip|", "{cuont:spelling slip|", "en names the unlisted value 'cuont'"),
        ("Em viết đúng chính tả.", "Em viết {đúng chính tả.", "vi is no template"),
        ('      vi: "Em viết đúng chính tả."\n', "", "strength: vi is missing"),
        ("quotes: strength", "quotes: always", "'always' is no Side"),
        ("topic: tone\n", "topik: tone\n", "unknown key 'topik'"),
        ("  off_topic:", "  off_subject:", "unknown key 'off_subject'"),
        ("doubts: [task,", "doubts: [tusk,", "no kind has the topic 'tusk'"),
        ("detail: what", "detail: that", "the detail 'that' is not listed"),
        ("starts: verb form\n", "below: 1\n", "detail and starts go together"),
        ("      - above: 105\n        advice", "      - advice", "give below, above or detail"),
        ("  grammar:\n    strength", "  grammer:\n    strength", "unknown key 'grammer'"),
        ("shows: [word_count]", "shows: word_count", "shows must be a list of names"),
    ],
)
def test_wrong_file_names_line_and_entry(right: str, wrong: str, complaint: str) -> None:
    assert right in TEXT
    with pytest.raises(RubricError) as raised:
        read_feedback(TEXT.replace(right, wrong, 1), "trial.yaml")
    assert complaint in str(raised.value)
    assert re.match(r"trial\.yaml:\d+: ", str(raised.value))


def test_the_line_is_that_of_the_text() -> None:
    broken = TEXT.replace("{count:spelling slip|", "{cuont:spelling slip|", 1)
    line = broken[: broken.index("{cuont")].count("\n") + 1
    with pytest.raises(RubricError, match=rf"trial\.yaml:{line}: kinds\.spelling_errors\.advice:"):
        read_feedback(broken, "trial.yaml")
