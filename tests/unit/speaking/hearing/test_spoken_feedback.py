"""What somebody who spoke is told: the model's words on what was said, ours on how it sounds."""

import json
from typing import Any

from grading.domain.criterion import SOUND_CRITERIA, Criterion
from grading.domain.feedback import FeedbackLanguage
from grading.domain.result import CapReason
from tests.stack.evidence import evidence_on, shown
from tests.stack.provider.answers import Answer
from tests.stack.provider.call import Call
from tests.stack.provider.exchange import Script
from tests.stack.provider.server import Provider
from tests.unit.speaking.hearing.conftest import TEXT, Listener

#: A pause after every fourth word: there is something to be said of how that sounds.
HALTING = " ".join(f"{word} |" if at % 4 == 3 else word for at, word in enumerate(TEXT.split()))
ORDER, ARTICLES = "The order is clear.", "Look at your articles again."


def _saying(call: Call, **feedback: Any) -> Script:
    form = evidence_on(call)
    form["feedback"] |= feedback
    return Answer(json.dumps(form))


def _remark(text: str) -> dict[str, str]:
    return {"criterion": "vocabulary", "text": text, "quote": ""}


def test_the_models_words_stand_beside_ours_on_the_sound(
    provider: Provider, listener: Listener
) -> None:
    feedback = listener.grade(HALTING).feedback
    assert feedback is not None
    assert [item.text for item in feedback.strengths][:1] == [ORDER]
    of_words, of_sound = feedback.to_work_on
    assert of_words.text == ARTICLES
    assert of_sound.criterion is Criterion.FLUENCY
    [rewrite] = feedback.rewrites
    assert rewrite.quote is None
    assert rewrite.moment is not None
    assert rewrite.moment.text == TEXT.split(". ")[0] + "."


def test_all_that_is_told_of_the_sound_is_ours(provider: Provider, listener: Listener) -> None:
    praise = "Your pronunciation is excellent."
    provider.chat.choose = lambda call: _saying(
        call, strengths=[_remark(praise), _remark("You choose your words well.")]
    )
    feedback = listener.grade(HALTING).feedback
    assert feedback is not None
    assert praise not in repr(feedback)
    of_model = [item for item in feedback.strengths if item.criterion not in SOUND_CRITERIA]
    assert [item.text for item in of_model] == ["You choose your words well."]


def test_where_nothing_may_be_told_all_of_it_is_ours(
    provider: Provider, listener: Listener
) -> None:
    provider.chat.choose = lambda call: _saying(
        call, strengths=[_remark("This is worth 9/10.")], to_work_on=[], rewrites=[]
    )
    feedback = listener.grade(HALTING).feedback
    assert feedback is not None
    assert "9/10" not in repr(feedback)
    assert feedback.to_work_on


def test_what_a_cap_stands_for_comes_first(provider: Provider, listener: Listener) -> None:
    result = listener.grade(" ".join(TEXT.split()[:30]))
    assert [cap.reason for cap in result.caps] == [CapReason.TOO_SHORT]
    assert len(provider.chat.calls) == 1
    assert result.feedback is not None
    assert ORDER not in repr(result.feedback)
    assert result.feedback.to_work_on[0].criterion is Criterion.DISCOURSE_MANAGEMENT


def test_the_feedback_is_asked_for_in_the_learners_language(
    provider: Provider, listener: Listener
) -> None:
    provider.chat.choose = lambda call: _saying(call, strengths=[_remark("Em sắp xếp ý rất rõ.")])
    result = listener.grade(HALTING, feedback_language=FeedbackLanguage.VIETNAMESE)
    [call] = provider.chat.calls
    assert "Language of the feedback: Vietnamese" in call.messages[-1]["content"]
    assert "Vietnamese" not in shown(call)
    assert result.feedback is not None
    assert result.feedback.language is FeedbackLanguage.VIETNAMESE
    assert "em" in result.feedback.to_work_on[-1].text.lower().split()
