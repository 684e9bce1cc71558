"""A rubric with two scorers: what they make together, and what becomes of a dispute."""

from decimal import Decimal

import pytest

from grading.domain.confidence import ConfidenceFactor
from grading.domain.criterion import Criterion
from grading.domain.result import CapReason, Flag
from grading.domain.work import WritingTask
from grading.rubric.curve import Curve
from grading.rubric.document import RubricError
from grading.rubric.engine import Verdict, judge
from grading.rubric.load import load_rubric, read_rubric
from grading.rubric.observation import Observation
from grading.rubric.points import FEATURES_ALONE
from grading.rubric.rubric import Rubric, Scorer

RUBRIC = load_rubric("writing-llm-1.0")
BASE = load_rubric("writing-2.0")
BOTH = frozenset(Scorer)
_NUMBERS = ("count", "percent", "asked", "developed", "kinds", "longest")
_WORDS = ("weakest", "names", "what", "corrected", "missing", "word", "to")
_DETAILS: dict[str, float | str] = {**dict.fromkeys(_NUMBERS, 1), **dict.fromkeys(_WORDS, "x")}


def _observed(**values: float) -> list[Observation]:
    return [Observation(kind, value, details=_DETAILS) for kind, value in values.items()]


FEATURES = _observed(
    word_count=280, english_word_count=280, relevance=0.6, grammar_errors=2, uncommon_words=18
)
#: A decent answer, and one that is perfect in everything.
DECENT = _observed(
    task_answered=0.9, requirements_met=0.8, position_held=2, idea_development=1, developed_ideas=1,
    organization_moves=4, register_fit=2, apt_phrases=1, structures_formed=4, word_errors_seen=2,
    grammar_errors_seen=3, blocking_errors=0.3, sense=2, quotes_not_found=0,
)  # fmt: skip
PERFECT = _observed(
    task_answered=1, requirements_met=1, position_held=3, idea_development=2, developed_ideas=4,
    organization_moves=8, register_fit=2, apt_phrases=4, structures_formed=8, word_errors_seen=0,
    grammar_errors_seen=0, blocking_errors=0, sense=2, quotes_not_found=0,
)  # fmt: skip


def _judge(evidence: list[Observation], features: list[Observation] = FEATURES) -> Verdict:
    return judge(RUBRIC, WritingTask.ESSAY, [*features, *evidence], scorers=BOTH)


def _scores(verdict: Verdict) -> list[Decimal]:
    return [item.score for item in verdict.criteria]


def _alone(scorer: Scorer, observations: list[Observation]) -> Verdict:
    return judge(RUBRIC, WritingTask.ESSAY, observations, scorers=frozenset({scorer}))


def test_together_they_are_their_mean() -> None:
    features = _alone(Scorer.FEATURES, FEATURES)
    evidence = _alone(Scorer.EVIDENCE, DECENT)
    for one, two, both in zip(
        features.criteria, evidence.criteria, _judge(DECENT).criteria, strict=True
    ):
        assert abs((one.score + two.score) / 2 - both.score) <= Decimal("0.5")
        low, high = sorted((one.score, two.score))
        assert low <= both.score <= high


def test_features_alone_score_as_the_base_does() -> None:
    alone = judge(RUBRIC, WritingTask.ESSAY, FEATURES, scorers=FEATURES_ALONE)
    base = judge(BASE, WritingTask.ESSAY, FEATURES)
    assert _scores(alone) == _scores(base)
    assert alone.criteria == base.criteria


def test_where_they_are_too_far_apart_the_features_stand_and_a_flag_says_so() -> None:
    poor = _observed(word_count=260, english_word_count=260, relevance=0.4, grammar_errors=14)
    verdict = _judge(PERFECT, poor)
    assert Flag.SCORERS_DISAGREE in verdict.flags
    assert _scores(verdict) == _scores(judge(BASE, WritingTask.ESSAY, poor))
    kinds = {item.kind for score in verdict.criteria for item in score.evidence}
    assert not kinds & {item.kind for item in PERFECT}
    # A confidence that did not hear of the dispute would let it pass.
    agreement = _agreement(verdict)
    assert agreement is not None
    assert agreement < 50


def test_scorers_that_agree_raise_no_flag() -> None:
    verdict = _judge(DECENT)
    assert Flag.SCORERS_DISAGREE not in verdict.flags
    agreement = _agreement(verdict)
    assert agreement is not None
    assert agreement > 70


def _agreement(verdict: Verdict) -> float | None:
    assert verdict.confidence is not None
    for item in verdict.confidence.factors:
        if item.factor is ConfidenceFactor.SCORER_AGREEMENT:
            return float(item.value)
    return None


def test_a_second_model_is_heard_of_in_the_confidence_alone() -> None:
    without = _judge(DECENT)
    beside = judge(RUBRIC, WritingTask.ESSAY, [*FEATURES, *DECENT], None, BOTH, PERFECT)
    assert _scores(beside) == _scores(without)
    before, after = _agreement(without), _agreement(beside)
    assert before is not None
    assert after is not None
    assert after < before


def test_evidence_alone_has_nobody_to_agree_with() -> None:
    assert _agreement(_alone(Scorer.EVIDENCE, DECENT)) is None


def test_quotes_that_are_not_there_drop_the_confidence() -> None:
    def confidence(share: float) -> int:
        seen = [item for item in DECENT if item.kind != "quotes_not_found"]
        found = _judge([*seen, *_observed(quotes_not_found=share)]).confidence
        assert found is not None
        return found.value

    assert confidence(0.0) > confidence(0.2) > confidence(0.4)
    assert confidence(0.0) - confidence(0.4) > 10


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [("sense", 0, CapReason.NO_SENSE), ("task_answered", 0.1, CapReason.OFF_TOPIC)],
)
def test_what_a_model_sees_may_cap_a_unit(kind: str, value: float, reason: CapReason) -> None:
    evidence = [item for item in DECENT if item.kind != kind] + _observed(**{kind: value})
    verdict = _judge(evidence)
    assert reason in {cap.reason for cap in verdict.caps}
    assert verdict.score <= Decimal("3.5")


def test_more_errors_never_raise_a_score() -> None:
    for kind in ("word_errors_seen", "grammar_errors_seen", "blocking_errors", "quotes_not_found"):
        others = [item for item in DECENT if item.kind != kind]
        scores = [
            sum(_scores(_alone(Scorer.EVIDENCE, [*others, *_observed(**{kind: value})])))
            for value in (0, 0.5, 1, 2, 4, 8, 16)
        ]
        assert scores == sorted(scores, reverse=True), kind


_FILE = """
version: writing-9.0
extends: writing-2.0
kinds: {clarity: how clear it is}
scorers:
  - {scorer: features, weight: 1}
  - scorer: evidence
    weight: 1
    starts: {task_fulfillment: 5, organization: 5, vocabulary: 5, grammar: 5}
dispute: [[0, 2]]
rules: []
caps: []
flags: []
confidence: []
"""


def test_a_version_may_add_a_scorer_to_another() -> None:
    rubric = read_rubric(_FILE, "writing-9.0.yaml")
    assert rubric.dispute == Curve(((0, 2),))
    assert rubric.kinds == BASE.kinds | {"clarity"}


def _of_grammar_alone(start: float) -> Rubric:
    every = "{task_fulfillment: 5, organization: 5, vocabulary: 5, grammar: 5}"
    return read_rubric(_FILE.replace(every, f"{{grammar: {start}}}"), "writing-9.0.yaml")


def test_a_scorer_may_take_part_in_some_of_the_criteria() -> None:
    base = judge(BASE, WritingTask.ESSAY, FEATURES)
    rubric = _of_grammar_alone(6.0)
    for scorers in (BOTH, frozenset({Scorer.EVIDENCE})):
        verdict = judge(rubric, WritingTask.ESSAY, FEATURES, scorers=scorers)
        assert _scores(verdict)[:-1] == _scores(base)[:-1]
        assert _scores(verdict)[-1] > _scores(base)[-1]


def test_scorers_are_compared_by_the_criteria_that_they_share() -> None:
    wordy = [*FEATURES, *_observed(lexical_diversity=200, advanced_words=30, word_frequency=4.0)]
    features = {item.criterion: item for item in judge(BASE, WritingTask.ESSAY, wordy).criteria}
    grammar = float(features[Criterion.GRAMMAR].score)
    assert features[Criterion.VOCABULARY].score > grammar + 2
    rubric = _of_grammar_alone(grammar)
    agreement = _agreement(judge(rubric, WritingTask.ESSAY, wordy, scorers=BOTH))
    assert agreement is not None
    # But for rounding they are of one mind on all that both of them speak of.
    assert agreement >= 95
    alone = judge(rubric, WritingTask.ESSAY, wordy, scorers=frozenset({Scorer.EVIDENCE}))
    assert _agreement(alone) is None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("dispute: [[0, 2]]", "dispute: [[0, 0]]", "dispute must be over 0"),
        ("dispute: [[0, 2]]\n", "", "dispute is missing"),
        ("[[0, 2]]", "[[5, 2], [1, 2]]", "must rise"),
        ("clarity: how", "relevance: how", "is one of writing-2.0 already"),
        ("scorer: features", "scorer: evidence", "scorers must be"),
        ("weight: 1\n", "weight: 0\n", "weight must be over 0"),
        ("grammar: 5}", "grammar: 11}", "must lie between 0 and 10"),
        ("task_fulfillment: 5, organization: 5, vocabulary: 5, grammar: 5", "", "at least"),
        ("{task_fulfillment: 5, ", "{fluency: 5, ", "fluency"),
        (
            "rules: []",
            "rules: [{kind: clarity, criterion: pronunciation, direction: rising,"
            " curve: [[0, 0]], raises: a, lowers: b}]",
            "no start for pronunciation",
        ),
        ("confidence: []", "confidence: [{factor: originality, checks: []}]", "combination"),
        ("extends: writing-2.0", "extends: writing-0.1", "no rubric version"),
    ],
)
def test_a_mistake_in_such_a_file_is_named(old: str, new: str, says: str) -> None:
    assert old in _FILE
    with pytest.raises(RubricError, match=says):
        read_rubric(_FILE.replace(old, new), "writing-9.0.yaml")
