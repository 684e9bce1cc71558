"""What of a model's words reaches somebody who spoke."""

from typing import Any

import pytest

from grading.domain.criterion import Criterion, Moment
from grading.domain.feedback import Feedback, FeedbackLanguage
from tests.unit.evidence.speech import spoken_text
from workers.speaking.evidence.form import FeedbackGiven
from workers.speaking.evidence.remarks import spoken_feedback


def _remark(text: str, quote: str = "", criterion: str = "grammar") -> dict[str, str]:
    return {"criterion": criterion, "text": text, "quote": quote}


def _feedback(**parts: list[Any]) -> Feedback | None:
    empty: dict[str, list[Any]] = {"strengths": [], "to_work_on": [], "rewrites": []}
    given = FeedbackGiven.model_validate(empty | parts)
    return spoken_feedback(given, FeedbackLanguage.VIETNAMESE, spoken_text())


def test_remarks_and_rewrites_name_the_moment_they_speak_of() -> None:
    feedback = _feedback(
        strengths=[_remark("You choose at once.", "I think the library", "discourse_management")],
        to_work_on=[_remark("Look at your verbs.", "my sister borrows")],
        rewrites=[
            {"quote": "my sister borrow", "rewrite": "my sister borrows", "reason": "It agrees."},
            {"quote": "my brother borrow", "rewrite": "my brother borrows", "reason": "As above."},
        ],
    )
    assert feedback is not None
    [strength] = feedback.strengths
    assert strength.criterion is Criterion.DISCOURSE_MANAGEMENT
    # What was said twice is left out from its first time on.
    assert strength.moments == (Moment("I think the library", 0.3, 1.5),)
    assert strength.quotes == ()
    [advice] = feedback.to_work_on
    assert advice.moments == ()  # the words are not the learner's
    [rewrite] = feedback.rewrites
    assert rewrite.quote is None
    assert rewrite.moment is not None
    assert rewrite.moment.text == "my sister borrow"
    assert feedback.language is FeedbackLanguage.VIETNAMESE


@pytest.mark.parametrize(
    "text",
    [
        "Your pronunciation is clear.",
        "You pronounced the endings well.",
        "Try to pause less.",
        "You speak too fast.",
        "Speak more slowly.",
        "You are a fluent speaker.",
        "Your accent is strong.",
        "Em phát âm rõ ràng.",
        "Em nói khá trôi chảy.",
        "This is worth 9/10.",
        "You are at band 7.",
    ],
)
def test_nobody_is_told_of_a_sound_that_was_not_heard_or_of_a_score(text: str) -> None:
    assert _feedback(strengths=[_remark(text)]) is None
    kept = _feedback(
        strengths=[_remark("You give reasons.")],
        rewrites=[{"quote": "it is quiet", "rewrite": "it's a quiet place", "reason": text}],
    )
    assert kept is not None
    assert kept.rewrites == ()


@pytest.mark.parametrize(
    "text",
    [
        "You use the passive voice well.",
        "Name the library's advantages one after the other.",
        "Em có câu bị động rất đúng.",
    ],
)
def test_words_that_only_look_like_these_are_kept(text: str) -> None:
    feedback = _feedback(to_work_on=[_remark(text)])
    assert feedback is not None
    assert feedback.to_work_on[0].text == text


@pytest.mark.parametrize("criterion", ["pronunciation", "fluency", "organization"])
def test_the_form_has_no_place_for_other_criteria(criterion: str) -> None:
    with pytest.raises(ValueError, match="criterion"):
        _feedback(strengths=[_remark("Good.", criterion=criterion)])
