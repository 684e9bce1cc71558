"""What a learner is told, for any evidence."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.domain.criterion import Criterion, Quote
from grading.domain.feedback import Feedback, FeedbackLanguage
from grading.domain.result import Evidence, Impact
from grading.domain.work import WritingTask
from grading.rubric.engine import Verdict, judge, kinds_used
from grading.rubric.feedback import write_feedback
from grading.rubric.feedback_rules import Side
from grading.rubric.load import load_rubric
from grading.rubric.load_feedback import load_feedback
from grading.rubric.observation import Observation

RUBRIC = load_rubric("writing-1.0")
RULES = load_feedback("1.0")
ENGLISH, VIETNAMESE = FeedbackLanguage.ENGLISH, FeedbackLanguage.VIETNAMESE
DETAILS: dict[str, float | str] = {
    "count": 1, "what": "verb form (1)", "percent": 1.0, "longest": 50, "kinds": 1,
    "names": "relative clauses", "word": "but", "missing": "greeting", "asked": 1,
    "weakest": "Thank her {now}",
}  # fmt: skip
SAID = Quote("he go", 3, 8)

measures = st.fixed_dictionaries(
    {},
    optional={
        kind: st.floats(0, 400, allow_nan=False) | st.floats(0, 1, allow_nan=False)
        for kind in sorted(kinds_used(RUBRIC))
    },
)
tasks = st.sampled_from(list(WritingTask))
languages = st.sampled_from(list(FeedbackLanguage))


def _observe(measured: dict[str, float]) -> tuple[Observation, ...]:
    return tuple(
        Observation(kind, value, quotes=(SAID,), details=DETAILS)
        for kind, value in measured.items()
    )


def _told(
    *observations: Observation,
    language: FeedbackLanguage = ENGLISH,
    task: WritingTask = WritingTask.ESSAY,
) -> Feedback:
    return write_feedback(RULES, language, judge(RUBRIC, task, observations), observations)


def _doubted(verdict: Verdict) -> set[str]:
    return {topic for cap in verdict.caps for topic in RULES.caps[cap.reason].doubts}


@given(measures, tasks, languages)
def test_holds_for_any_evidence(
    measured: dict[str, float], task: WritingTask, language: FeedbackLanguage
) -> None:
    observations = _observe(measured)
    verdict = judge(RUBRIC, task, observations)
    feedback = write_feedback(RULES, language, verdict, observations)
    assert feedback.language is language
    assert len(feedback.strengths) <= 2
    assert 1 <= len(feedback.to_work_on) <= 3
    texts = [remark.text for remark in (*feedback.strengths, *feedback.to_work_on)]
    assert len(set(texts)) == len(texts)
    assert not any(re.search(r"\{(?!now)", text) for text in texts)
    assert feedback == write_feedback(RULES, language, verdict, observations)
    doubted = _doubted(verdict)
    if any(
        item.impact is Impact.RAISES and RULES.kinds[item.kind].topic not in doubted
        for score in verdict.criteria
        for item in score.evidence
    ):
        assert feedback.strengths


@given(measures, tasks)
def test_both_languages_speak_of_the_same(measured: dict[str, float], task: WritingTask) -> None:
    english, vietnamese = (
        _told(*_observe(measured), language=language, task=task)
        for language in (ENGLISH, VIETNAMESE)
    )
    for one, other in (
        (english.strengths, vietnamese.strengths),
        (english.to_work_on, vietnamese.to_work_on),
    ):
        assert [(remark.criterion, remark.quotes) for remark in one] == [
            (remark.criterion, remark.quotes) for remark in other
        ]


@pytest.mark.parametrize("kind", sorted({rule.kind for rule in RUBRIC.rules}))
def test_texts_of_a_kind_fit_what_is_measured(kind: str) -> None:
    general = {text for sides in RULES.criteria.values() for texts in sides.values()
               for text in texts.values()}  # fmt: skip
    for rule in RUBRIC.rules:
        if rule.kind != kind:
            continue
        for value, points in rule.curve.knots:
            observation = Observation(kind, value, details=DETAILS)
            for task in rule.tasks:
                verdict = judge(RUBRIC, WritingTask(task), [observation])
                alone = [item for item in verdict.criteria if item.criterion is rule.criterion]
                told = write_feedback(
                    RULES, ENGLISH, replace(verdict, criteria=tuple(alone), caps=()), [observation]
                )
                if abs(points) >= 0.05:
                    remarks = told.strengths if points > 0 else told.to_work_on
                    assert remarks[0].text not in general, (kind, value)


def test_the_strongest_comes_first_and_quotes_what_it_speaks_of() -> None:
    told = _told(
        Observation("spelling_errors", 2.0, quotes=(SAID,), details={"count": 1, "what": ""}),
        Observation(
            "grammar_errors", 9.0, quotes=(SAID,) * 7,
            details={"count": 9, "what": "subject and verb do not agree (7), verb form (2)"},
        ),
        Observation("sentence_length", 20.0),
    )  # fmt: skip
    first, second = told.to_work_on
    assert first.criterion is Criterion.GRAMMAR
    assert "9 slips" in first.text
    assert "“he go”" in first.text
    assert first.quotes == (SAID,) * 5
    assert "1 spelling slip." in second.text
    assert [remark.text for remark in told.strengths] == ["Your sentences have a good length."]


def test_quotes_of_slips_do_not_stand_beside_praise() -> None:
    told = _told(
        Observation("spelling_errors", 0.1, quotes=(SAID,), details={"count": 1, "what": ""})
    )
    assert [remark.quotes for remark in told.strengths] == [()]


def test_caps_come_first_and_what_they_doubt_is_not_praised() -> None:
    told = _told(
        Observation("copied_share", 0.7, quotes=(SAID,), details={"percent": 70.0}),
        Observation("word_frequency", 4.2),
        Observation("grammar_errors", 0.0, details={"count": 0, "what": ""}),
        Observation("paragraphs", 4.0),
    )
    assert told.to_work_on[0].text.startswith("Much of your answer is taken from the task")
    assert told.to_work_on[0].quotes == (SAID,)
    assert len(told.to_work_on) == 1
    assert [remark.criterion for remark in told.strengths] == [Criterion.ORGANIZATION]


def test_each_topic_is_spoken_of_once() -> None:
    told = _told(
        Observation("word_count", 100.0),
        Observation("english_word_count", 100.0),
        Observation("distinct_ideas", 30.0),
    )
    assert [remark.criterion for remark in told.to_work_on] == [Criterion.TASK_FULFILLMENT]
    assert "100 words, under half" in told.to_work_on[0].text


def test_flags_are_not_spoken_of() -> None:
    plain = Observation("sentence_length", 8.0)
    assert _told(plain, Observation("instructions_to_grader", 3.0)) == _told(plain)


def test_details_are_put_in_the_language_of_the_learner() -> None:
    letter = Observation("letter_format", 1.0, details={"missing": "greeting, name at the end"})
    told = _told(letter, language=VIETNAMESE, task=WritingTask.LETTER)
    assert "lời chào đầu thư, tên người viết ở cuối thư" in told.to_work_on[0].text
    linking = Observation("linking_range", 9.0, details={"names": "however, whereas"})
    assert "however, whereas" in _told(linking, language=VIETNAMESE).strengths[0].text


@pytest.mark.parametrize("language", list(FeedbackLanguage))
def test_a_kind_without_texts_is_spoken_of_by_its_criterion(language: FeedbackLanguage) -> None:
    verdict = judge(RUBRIC, WritingTask.ESSAY, [])
    new = Evidence("hedging", "Claims are hedged.", Impact.LOWERS, 1.0, -0.8)
    other = replace(new, kind="stance", points=-0.4)
    good = replace(new, kind="register", impact=Impact.RAISES, points=0.3)
    criteria = tuple(
        replace(item, evidence=(new, other, good))
        if item.criterion is Criterion.VOCABULARY
        else item
        for item in verdict.criteria
    )
    told = write_feedback(RULES, language, replace(verdict, criteria=criteria), [])
    general = RULES.criteria[Criterion.VOCABULARY]
    assert [item.text for item in told.to_work_on] == [general[Side.ADVICE][language]]
    assert [item.text for item in told.strengths] == [general[Side.STRENGTH][language]]


def test_a_detail_that_is_missing_costs_the_detail_and_not_the_grading() -> None:
    verdict = judge(RUBRIC, WritingTask.ESSAY, _observe({"spelling_errors": 9.0}))
    bare = Observation("spelling_errors", 9.0)
    told = write_feedback(RULES, ENGLISH, verdict, [bare])
    assert told.to_work_on[0].text == RULES.criteria[Criterion.VOCABULARY][Side.ADVICE][ENGLISH]


def test_without_weaknesses_the_weakest_criterion_is_worked_on() -> None:
    told = _told(Observation("sentence_length", 20.0))
    assert [remark.criterion for remark in told.to_work_on] == [Criterion.ORGANIZATION]


def test_two_kinds_of_one_topic_are_one_remark() -> None:
    told = _told(
        Observation("spelling_errors", 9.0, details={"count": 20, "what": ""}),
        Observation("unknown_share", 0.2, details={"percent": 20.0}),
    )
    assert len(told.to_work_on) == 1


def test_what_moved_hardly_anything_is_not_spoken_of() -> None:
    hardly = Observation("sentence_length", 14.2)
    assert (judge(RUBRIC, WritingTask.ESSAY, [hardly]).criteria[3].evidence[0].points or 0) > 0
    assert _told(hardly).strengths == ()


def test_kinds_of_one_topic_weigh_together() -> None:
    told = _told(
        Observation("grammar_errors", 3.0, details={"count": 8, "what": "preposition (8)"}),
        Observation("error_free_sentences", 0.0, details={"percent": 0.0}),
        Observation("lexical_diversity", 38.0),
    )
    assert [remark.criterion for remark in told.to_work_on] == [
        Criterion.GRAMMAR,
        Criterion.VOCABULARY,
    ]
