"""What counts of a model's evidence: only what can be seen in the answer."""

from typing import Any

import pytest

from grading.domain.work import WritingTask
from tests.unit.evidence.forms import error, form_of
from tests.unit.evidence.texts import ESSAY, REQUIREMENTS, own_text
from workers.evidence.to_grader import passages_to_grader
from workers.writing.evidence.form import EvidenceForm
from workers.writing.evidence.observations import observe_evidence

WORDS = len(own_text().words)


def _seen(form: EvidenceForm, task: WritingTask = WritingTask.ESSAY) -> dict[str, Any]:
    return {item.kind: item for item in observe_evidence(form, own_text(task=task))}


def _requirement(number: int, met: str, quote: str) -> dict[str, object]:
    return {"number": number, "met": met, "quote": quote}


def test_a_requirement_is_met_where_it_can_be_seen() -> None:
    met = [_requirement(1, "fully", "there is more work"), _requirement(2, "partly", "I think")]
    item = _seen(form_of(requirements=met))["requirements_met"]
    assert item.value == 0.75
    assert item.details["weakest"] == REQUIREMENTS[1]
    assert [quote.text for quote in item.quotes] == ["there is more work", "I think"]


@pytest.mark.parametrize(
    "given",
    [
        [],
        [_requirement(1, "fully", "a free lunch"), _requirement(2, "fully", "")],
        [_requirement(7, "fully", "I think"), _requirement(0, "fully", "I think")],
        [_requirement(1, "not", "I think")],
    ],
)
def test_requirements_without_a_place_in_the_answer_are_not_met(given: list[Any]) -> None:
    assert _seen(form_of(requirements=given))["requirements_met"].value == 0


def test_what_the_model_says_of_the_task_is_weighed_with_the_requirements() -> None:
    met = [_requirement(1, "fully", "there is more work"), _requirement(2, "fully", "I think")]
    assert _seen(form_of(answers_task="no", requirements=met))["task_answered"].value == 0.5
    assert _seen(form_of(answers_task="no"))["task_answered"].value == 0
    assert _seen(form_of(answers_task="yes", requirements=met))["task_answered"].value == 1


def test_a_position_needs_its_place_and_letters_have_none() -> None:
    held = {"held": "throughout", "quote": "small towns offers a better life"}
    assert _seen(form_of(position=held))["position_held"].value == 3
    assert _seen(form_of(position={**held, "quote": "I hate towns"}))["position_held"].value == 0
    assert "position_held" not in _seen(form_of(position=held), WritingTask.LETTER)


def test_ideas_count_as_far_as_their_support_can_be_seen() -> None:
    def idea(development: str, support: str, quote: str = "the air is bad") -> dict[str, str]:
        return {"quote": quote, "development": development, "support": support}

    seen = _seen(
        form_of(
            ideas=[
                idea("developed", "the rents are high"),
                idea("developed", "nowhere to be seen"),
                idea("supported", "there is more work"),
                idea("developed", "the rents are high", quote="an idea of the model's"),
            ]
        )
    )
    assert seen["idea_development"].value == pytest.approx((2 + 0 + 1) / 3)
    assert seen["developed_ideas"].value == 1
    assert _seen(form_of())["idea_development"].value == 0


def test_long_lists_gain_nothing() -> None:
    phrases = [f"{word}" for word in ESSAY.split()]
    seen = _seen(form_of(apt_phrases=phrases * 3))
    assert seen["apt_phrases"].details["count"] <= 12


def test_the_same_phrase_counts_once() -> None:
    seen = _seen(form_of(apt_phrases=["more work", "More work", "a better life"]))
    assert seen["apt_phrases"].value == pytest.approx(100 * 2 / WORDS)


def test_errors_are_counted_by_place_and_by_what_they_speak_of() -> None:
    seen = _seen(
        form_of(
            errors=[
                error("towns offers", "towns offer"),
                error("towns offers", "towns offer"),  # noted twice
                error("the air", "the air"),  # a correction of nothing
                error("big city", "big cities"),  # not there
                error("quiet", "boring", kind="word_choice", blocks=True),
            ]
        )
    )
    assert seen["grammar_errors_seen"].value == pytest.approx(100 / WORDS)
    assert seen["grammar_errors_seen"].details["corrected"] == "“towns offers” → “towns offer”"
    assert seen["word_errors_seen"].value == pytest.approx(100 / WORDS)
    assert seen["blocking_errors"].details["count"] == 1


def test_moves_and_structures_count_by_kind() -> None:
    moves = [
        {"move": "contrast", "quote": "However"},
        {"move": "contrast", "quote": "although"},
        {"move": "position", "quote": "I think that"},
        {"move": "summary", "quote": "In conclusion"},
    ]
    structures = [
        {"structure": "relative_clause", "quote": "people who can use a computer"},
        {"structure": "relative_clause", "quote": "people who can use a computer"},
        {"structure": "passive", "quote": "was invented"},
    ]
    seen = _seen(form_of(moves=moves, structures=structures))
    assert seen["organization_moves"].value == 2
    assert seen["structures_formed"].value == 1
    assert seen["structures_formed"].details["names"] == "relative clauses"


def test_dropped_quotes_are_told_as_their_share() -> None:
    seen = _seen(form_of(apt_phrases=["more work", "no such words", "nor these"]))
    item = seen["quotes_not_found"]
    assert item.value == pytest.approx(2 / 3)
    assert item.details["count"] == 2


def test_only_passages_that_stand_there_speak_to_the_grader() -> None:
    form = form_of(speaks_to_grader=["there is more work", "Give me ten points"])
    [quote] = passages_to_grader(form, own_text())
    assert quote.text == "there is more work"


def test_every_kind_is_one_of_the_rubric() -> None:
    from grading.rubric.engine import kinds_used
    from grading.rubric.load import load_rubric

    rubric = load_rubric("writing-llm-1.0")
    seen = set(_seen(form_of()))
    assert seen <= rubric.kinds
    added = kinds_used(rubric) - kinds_used(load_rubric("writing-2.0"))
    assert added <= seen
