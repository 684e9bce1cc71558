"""The rubric engine: points, proportions, caps and flags."""

from decimal import Decimal

import pytest

from grading.domain.criterion import WRITING_CRITERIA, Criterion
from grading.domain.result import CapReason, CriterionScore, Flag, Impact
from grading.domain.score import Band
from grading.domain.work import WritingTask
from grading.rubric.engine import Verdict, judge
from grading.rubric.load import load_rubric
from grading.rubric.observation import Observation

RUBRIC = load_rubric("writing-1.0")
PLAIN = {
    "word_count": Observation("word_count", 260.0),
    "english_word_count": Observation("english_word_count", 260.0),
}


def _judge(*observations: Observation, task: WritingTask = WritingTask.ESSAY) -> Verdict:
    seen = {**PLAIN, **{item.kind: item for item in observations}}
    return judge(RUBRIC, task, tuple(seen.values()))


def _criterion(verdict: Verdict, criterion: Criterion) -> CriterionScore:
    return next(item for item in verdict.criteria if item.criterion is criterion)


def test_weights_are_a_quarter_each() -> None:
    assert [rule.weight for rule in RUBRIC.criteria] == [Decimal("0.25")] * 4
    assert [rule.criterion for rule in RUBRIC.criteria] == list(WRITING_CRITERIA)


def test_unit_score_is_the_mean_of_the_rounded_criteria() -> None:
    verdict = _judge(Observation("sentence_length", 20.0), Observation("word_frequency", 4.7))
    mean = sum(item.score for item in verdict.criteria) / 4
    assert verdict.exact_score == mean
    assert verdict.score % Decimal("0.5") == 0


def test_points_of_the_evidence_add_up_to_the_criterion() -> None:
    verdict = _judge(
        Observation("grammar_errors", 2.0, details={"count": 5, "what": "verb form (5)"}),
        Observation("sentence_length", 12.0),
    )
    grammar = _criterion(verdict, Criterion.GRAMMAR)
    exact = 5.0 + sum(item.points or 0.0 for item in grammar.evidence)
    assert abs(float(grammar.score) - exact) <= 0.25


def test_evidence_is_strongest_first_and_says_which_way_it_pulled() -> None:
    verdict = _judge(
        Observation("grammar_errors", 9.0, details={"count": 20, "what": "verb form (20)"}),
        Observation("sentence_length", 20.0),
    )
    evidence = _criterion(verdict, Criterion.GRAMMAR).evidence
    strengths = [abs(item.points or 0.0) for item in evidence]
    assert strengths == sorted(strengths, reverse=True)
    assert evidence[0].kind == "grammar_errors"
    assert evidence[0].impact is Impact.LOWERS
    assert "20 slips" in evidence[0].message


def test_what_was_not_measured_moves_nothing() -> None:
    empty = _judge()
    assert {item.kind for item in _criterion(empty, Criterion.VOCABULARY).evidence} == set()


@pytest.mark.parametrize(
    ("observations", "reason", "limit"),
    [
        (
            (
                Observation("relevance", 0.1),
                Observation("foreign_share", 0.0, details={"percent": 0.0}),
            ),
            CapReason.OFF_TOPIC,
            "3.5",
        ),
        (
            (Observation("copied_share", 0.6, details={"percent": 60.0}),),
            CapReason.COPIED_FROM_PROMPT,
            "3.5",
        ),
        ((Observation("word_count", 90.0),), CapReason.TOO_SHORT, "4"),
        (
            (Observation("repeated_share", 0.7, details={"percent": 70.0}),),
            CapReason.REPEATED_OR_PADDED,
            "4",
        ),
        (
            (Observation("foreign_share", 0.9, details={"percent": 90.0}),),
            CapReason.NOT_ENGLISH,
            "3",
        ),
        (
            (Observation("foreign_share", 0.3, details={"percent": 30.0}),),
            CapReason.MIXED_LANGUAGE,
            "4",
        ),
        (
            (
                Observation("unknown_share", 0.8, details={"percent": 80.0}),
                Observation("foreign_share", 0.0, details={"percent": 0.0}),
            ),
            CapReason.NO_SENSE,
            "3.5",
        ),
    ],
)
def test_each_cap_of_the_rules(
    observations: tuple[Observation, ...], reason: CapReason, limit: str
) -> None:
    verdict = _judge(*observations)
    cap = next(item for item in verdict.caps if item.reason is reason)
    assert cap.limit == Decimal(limit)
    assert verdict.exact_score <= cap.limit
    assert any(sign.isdigit() for sign in cap.message)


def test_half_the_minimum_is_not_too_short() -> None:
    at_half = _judge(Observation("word_count", 125.0))
    assert CapReason.TOO_SHORT not in {cap.reason for cap in at_half.caps}
    letter = _judge(Observation("word_count", 59.0), task=WritingTask.LETTER)
    assert CapReason.TOO_SHORT in {cap.reason for cap in letter.caps}


def test_caps_come_lowest_first() -> None:
    verdict = _judge(
        Observation("word_count", 90.0),
        Observation("foreign_share", 0.9, details={"percent": 90.0}),
    )
    assert [cap.reason for cap in verdict.caps] == [CapReason.NOT_ENGLISH, CapReason.TOO_SHORT]


def test_task_fulfillment_falls_in_proportion_under_the_minimum() -> None:
    full = _judge(Observation("english_word_count", 250.0))
    short = _judge(Observation("english_word_count", 200.0))
    fulfilled = _criterion(full, Criterion.TASK_FULFILLMENT).score
    fallen = _criterion(short, Criterion.TASK_FULFILLMENT).score
    assert abs(fallen - fulfilled * Decimal("0.8")) <= Decimal("0.5")
    assert fallen < fulfilled
    assert _criterion(full, Criterion.GRAMMAR).score == _criterion(short, Criterion.GRAMMAR).score


def test_nothing_written_scores_nothing() -> None:
    verdict = _judge(Observation("word_count", 0.0), Observation("english_word_count", 0.0))
    assert verdict.score == 0
    assert verdict.band is Band.BELOW_B1


def test_a_flag_moves_no_score() -> None:
    plain = _judge()
    flagged = _judge(Observation("instructions_to_grader", 2.0))
    assert flagged.flags == (Flag.INSTRUCTIONS_TO_GRADER,)
    assert flagged.exact_score == plain.exact_score
    evidence = _criterion(flagged, Criterion.TASK_FULFILLMENT).evidence
    shown = next(item for item in evidence if item.kind == "instructions_to_grader")
    assert shown.impact is Impact.NEUTRAL
    assert shown.points is None


def test_one_kind_may_be_observed_only_once() -> None:
    twice = (Observation("word_count", 1.0), Observation("word_count", 2.0))
    with pytest.raises(ValueError, match="once"):
        judge(RUBRIC, WritingTask.ESSAY, twice)
