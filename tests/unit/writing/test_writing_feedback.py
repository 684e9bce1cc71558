"""What the embedded grader tells a learner."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from grading.domain.criterion import Criterion
from grading.domain.feedback import FeedbackLanguage
from grading.domain.result import GradingResult
from grading.domain.work import WritingWork
from grading.rubric.phrase import names_in
from workers.unwatched_run import UnwatchedRun
from workers.writing.embedded import EmbeddedWritingGrader

Grade = Callable[[WritingWork], GradingResult]

_ONLY_VIETNAMESE = frozenset("ăđơưạảấầậắặếềệốộớợụữ")


@pytest.mark.parametrize("language", list(FeedbackLanguage))
def test_feedback_quotes_the_answer_and_fits_the_language(
    case_name: str, language: FeedbackLanguage, case: Callable[[str], Any], grade: Grade
) -> None:
    work = replace(case(case_name).work, feedback_language=language)
    result = grade(work)
    feedback = result.feedback
    assert feedback is not None
    assert feedback.language is language
    assert 1 <= len(feedback.strengths) <= 2
    assert 1 <= len(feedback.to_work_on) <= 3
    for remark in (*feedback.strengths, *feedback.to_work_on):
        is_vietnamese = not _ONLY_VIETNAMESE.isdisjoint(remark.text)
        assert is_vietnamese == (language is FeedbackLanguage.VIETNAMESE), remark.text
        for quote in remark.quotes:
            assert quote.text == work.text[quote.start : quote.end]
    is_of_a_cap = re.search("điểm bị giới hạn|holds its score down", feedback.to_work_on[0].text)
    assert bool(result.caps) == bool(is_of_a_cap)


def test_the_language_moves_nothing_but_the_feedback(
    case: Callable[[str], Any], grade: Grade
) -> None:
    work = case("traffic-b1-essay").work
    english = grade(work)
    vietnamese = grade(replace(work, feedback_language=FeedbackLanguage.VIETNAMESE))
    assert english.feedback != vietnamese.feedback
    assert replace(english, feedback=None) == replace(vietnamese, feedback=None)


def test_a_learner_whose_verbs_lack_their_ending_is_told_so(
    case: Callable[[str], Any], grade: Grade
) -> None:
    feedback = grade(case("traffic-b1-essay").work).feedback
    assert feedback is not None
    told = next(item for item in feedback.to_work_on if item.criterion is Criterion.GRAMMAR)
    assert "verb endings" in told.text
    assert "grandmother live" in {quote.text for quote in told.quotes}


def test_words_to_the_grader_are_not_spoken_of(case: Callable[[str], Any], grade: Grade) -> None:
    plain = grade(case("traffic-b1-essay").work).feedback
    injected = grade(case("injection-note").work).feedback
    assert plain is not None
    assert injected is not None
    assert [item.text for item in injected.to_work_on] == [item.text for item in plain.to_work_on]


def test_every_measured_kind_has_the_details_that_its_texts_name(
    grader: EmbeddedWritingGrader, case: Callable[[str], Any], case_name: str
) -> None:
    rules = grader._feedback
    for seen in grader.observe(case(case_name).work, UnwatchedRun()):
        if texts := rules.kinds.get(seen.kind):
            named = {
                name
                for sides in (texts.texts, *(item.texts for item in texts.cases))
                for side in sides.values()
                for text in side.values()
                for name in names_in(text)
            }
            assert named <= {"value", *seen.details}, seen.kind
