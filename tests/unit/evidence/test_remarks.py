"""What of a model's words reaches the learner."""

from typing import Any

import pytest

from grading.domain.criterion import Criterion
from grading.domain.feedback import FeedbackLanguage
from tests.unit.evidence.texts import own_text
from workers.evidence.remarks import feedback_from
from workers.writing.evidence.form import FeedbackGiven


def _remark(text: str, quote: str = "", criterion: str = "grammar") -> dict[str, str]:
    return {"criterion": criterion, "text": text, "quote": quote}


def _given(**parts: list[Any]) -> FeedbackGiven:
    empty: dict[str, list[Any]] = {"strengths": [], "to_work_on": [], "rewrites": []}
    return FeedbackGiven.model_validate(empty | parts)


def _feedback(**parts: list[Any]) -> Any:
    return feedback_from(_given(**parts), FeedbackLanguage.ENGLISH, own_text())


def test_remarks_bear_their_criterion_and_the_place_they_speak_of() -> None:
    feedback = _feedback(
        strengths=[_remark("You  take a\nclear stand.", "I think", "organization")],
        to_work_on=[_remark("Look at your verbs.", "they offers")],
    )
    [strength] = feedback.strengths
    assert strength.criterion is Criterion.ORGANIZATION
    assert strength.text == "You take a clear stand."
    assert [quote.text for quote in strength.quotes] == ["I think"]
    [advice] = feedback.to_work_on
    assert advice.quotes == ()  # the words are not the learner's
    assert feedback.language is FeedbackLanguage.ENGLISH


@pytest.mark.parametrize(
    "text",
    [
        "This is worth 9/10.",
        "I would give it 9 out of 10.",
        "A clear C1 essay.",
        "Your score is high.",
        "It is band 8 work.",
        "Full marks for you!",
        "Bài này được 9 điểm.",
        "Điểm số của em rất cao.",
        "Em xứng đáng 9 trên 10.",
        "x" * 501,
        "  ",
    ],
)
def test_nobody_is_told_a_score_or_a_sermon(text: str) -> None:
    assert _feedback(strengths=[_remark(text)]) is None


@pytest.mark.parametrize(
    "text",
    [
        "Điểm mạnh của em là bố cục rõ ràng.",
        "You use quotation marks well.",
        "Write about the band in the second paragraph.",
    ],
)
def test_words_that_only_look_like_scores_are_kept(text: str) -> None:
    assert _feedback(strengths=[_remark(text)]).strengths[0].text == text


def test_a_rewrite_is_of_the_learners_own_words() -> None:
    def rewrite(quote: str, text: str = "Towns offer a better life.") -> dict[str, str]:
        return {"quote": quote, "rewrite": text, "reason": "The verb agrees."}

    feedback = _feedback(
        strengths=[_remark("Good.")],
        rewrites=[
            rewrite("small towns offers a better life"),
            rewrite("small towns are a better life"),  # not in the answer
            rewrite("the air is bad", "the air is bad"),  # nothing is better
            rewrite("the rents are high", " "),
        ],
    )
    [kept] = feedback.rewrites
    assert kept.quote.text == "small towns offers a better life"
    assert kept.text == "Towns offer a better life."


def test_at_most_three_of_each_are_told() -> None:
    feedback = _feedback(strengths=[_remark(f"Remark {n}.") for n in range(9)])
    assert len(feedback.strengths) == 3
