"""The rubric of speech with a model's evidence: who scores what, and what a dispute comes to."""

from decimal import Decimal

import pytest

from grading.domain.confidence import ConfidenceFactor
from grading.domain.criterion import SOUND_CRITERIA, SPEAKING_CRITERIA, Criterion
from grading.domain.result import CapReason, Flag
from grading.domain.work import SpeakingPart
from grading.rubric.engine import Verdict, judge
from grading.rubric.load import load_rubric
from grading.rubric.observation import Observation
from grading.rubric.rubric import Scorer

RUBRIC, BASE = load_rubric("speaking-llm-1.0"), load_rubric("speaking-1.0")
BOTH, EVIDENCE = frozenset(Scorer), frozenset({Scorer.EVIDENCE})
OF_WORDS = [item for item in SPEAKING_CRITERIA if item not in SOUND_CRITERIA]
_NUMBERS = ("count", "percent", "asked", "developed", "kinds")
_WORDS = ("weakest", "names", "what", "corrected", "sounds", "word", "language")
_DETAILS: dict[str, float | str] = {**dict.fromkeys(_NUMBERS, 1), **dict.fromkeys(_WORDS, "x")}


def _observed(**values: float) -> list[Observation]:
    return [Observation(kind, value, details=_DETAILS) for kind, value in values.items()]


FEATURES = _observed(
    phone_misfit=1.5, word_clarity=0.9, speech_rate=170, pause_share=0.2, grammar_errors=1,
    error_free_clauses=0.85, structure_range=4.5, distinct_ideas=60, uncommon_words=14,
    word_count=160, english_word_count=160, relevance=0.5, support=3, linking_variety=7,
)  # fmt: skip
DECENT = _observed(
    task_answered=0.9, requirements_met=0.8, position_held=2, reasons_given=2,
    options_ruled_out=1, idea_development=1, developed_ideas=1, organization_moves=4,
    coherence=2, apt_phrases=0.6, structures_formed=3, word_errors_seen=1.8,
    grammar_errors_seen=3, blocking_errors=0.3, quotes_not_found=0,
)  # fmt: skip
PERFECT = _observed(
    task_answered=1, requirements_met=1, position_held=3, reasons_given=6, options_ruled_out=4,
    idea_development=2, developed_ideas=8, organization_moves=8, coherence=2, apt_phrases=6,
    structures_formed=8, word_errors_seen=0, grammar_errors_seen=0, blocking_errors=0,
    quotes_not_found=0,
)  # fmt: skip


def _judge(
    evidence: list[Observation],
    scorers: frozenset[Scorer] = BOTH,
    second: list[Observation] | None = None,
) -> Verdict:
    part = SpeakingPart.SOLUTION_DISCUSSION
    return judge(RUBRIC, part, [*FEATURES, *evidence], None, scorers, second or [])


def _scores(verdict: Verdict) -> dict[Criterion, Decimal]:
    return {item.criterion: item.score for item in verdict.criteria}


def _without(evidence: list[Observation], **changed: float) -> list[Observation]:
    return [item for item in evidence if item.kind not in changed] + _observed(**changed)


def _agreement(verdict: Verdict) -> float | None:
    assert verdict.confidence is not None
    for item in verdict.confidence.factors:
        if item.factor is ConfidenceFactor.SCORER_AGREEMENT:
            return float(item.value)
    return None


@pytest.fixture(scope="module")
def alone() -> Verdict:
    """What the features make of it."""
    return judge(BASE, SpeakingPart.SOLUTION_DISCUSSION, FEATURES)


def test_the_model_has_no_start_where_sound_tells() -> None:
    [evidence] = [rule for rule in RUBRIC.scorers if rule.scorer is Scorer.EVIDENCE]
    assert set(evidence.starts) == set(OF_WORDS)


@pytest.mark.parametrize("scorers", [BOTH, EVIDENCE])
@pytest.mark.parametrize("evidence", [DECENT, PERFECT])
def test_no_evidence_touches_how_an_answer_sounds(
    scorers: frozenset[Scorer], evidence: list[Observation], alone: Verdict
) -> None:
    of_sound = [item for item in alone.criteria if item.criterion in SOUND_CRITERIA]
    heard = _judge(evidence, scorers)
    assert [item for item in heard.criteria if item.criterion in SOUND_CRITERIA] == of_sound
    assert len(of_sound) == 2


def test_what_was_said_is_scored_by_both(alone: Verdict) -> None:
    features, both, evidence = (
        _scores(verdict) for verdict in (alone, _judge(DECENT), _judge(DECENT, EVIDENCE))
    )
    assert features != both != evidence
    for criterion in OF_WORDS:
        low, high = sorted((features[criterion], evidence[criterion]))
        assert low <= both[criterion] <= high
    kinds = {item.kind for score in _judge(DECENT).criteria for item in score.evidence}
    assert {"idea_development", "support", "structures_formed", "apt_phrases"} <= kinds


def test_where_sound_could_not_be_measured_the_model_does_not_make_it_up() -> None:
    deaf = [item for item in FEATURES if item.kind != "phone_misfit"]
    part = SpeakingPart.SOLUTION_DISCUSSION
    verdict = judge(RUBRIC, part, [*deaf, *PERFECT], None, EVIDENCE)
    assert verdict.absent == (Criterion.PRONUNCIATION,)


def test_where_they_are_too_far_apart_the_features_stand_and_a_flag_says_so(
    alone: Verdict,
) -> None:
    verdict = _judge(PERFECT)
    assert verdict.flags == (Flag.SCORERS_DISAGREE,)
    assert verdict.criteria == alone.criteria
    assert verdict.exact_score == alone.exact_score
    apart = _agreement(verdict)
    assert apart is not None
    assert apart < 60


def test_scorers_that_agree_raise_no_flag() -> None:
    verdict = _judge(DECENT)
    assert verdict.flags == ()
    agreement = _agreement(verdict)
    assert agreement is not None
    assert agreement > 80


def test_a_second_model_is_heard_of_in_the_confidence_alone() -> None:
    for scorers in (BOTH, EVIDENCE):
        without, beside = _judge(DECENT, scorers), _judge(DECENT, scorers, PERFECT)
        assert _scores(beside) == _scores(without)
        after = _agreement(beside)
        assert after is not None
        assert after < (_agreement(without) or 100)


def test_evidence_alone_has_nobody_to_agree_with() -> None:
    verdict = _judge(PERFECT, EVIDENCE)
    assert _agreement(verdict) is None
    assert verdict.flags == ()


def test_quotes_that_are_not_there_drop_the_confidence() -> None:
    def confidence(share: float) -> int:
        found = _judge(_without(DECENT, quotes_not_found=share)).confidence
        assert found is not None
        return found.value

    assert confidence(0.0) > confidence(0.2) > confidence(0.4)
    assert confidence(0.0) - confidence(0.4) > 10


def test_an_answer_to_something_else_is_capped() -> None:
    verdict = _judge(_without(DECENT, task_answered=0.1))
    assert CapReason.OFF_TOPIC in {cap.reason for cap in verdict.caps}
    assert verdict.score <= Decimal("3.5")


@pytest.mark.parametrize(
    "kind", ["word_errors_seen", "grammar_errors_seen", "blocking_errors", "quotes_not_found"]
)
def test_more_errors_never_raise_a_score(kind: str) -> None:
    scores = [
        sum(_scores(_judge(_without(DECENT, **{kind: value}), EVIDENCE)).values())
        for value in (0, 0.5, 1, 2, 4, 8, 16)
    ]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    "kind",
    [
        "requirements_met", "task_answered", "position_held", "reasons_given",
        "options_ruled_out", "idea_development", "developed_ideas", "organization_moves",
        "coherence", "apt_phrases", "structures_formed",
    ],
)  # fmt: skip
def test_more_that_speaks_for_a_speaker_never_lowers_a_score(kind: str) -> None:
    scores = [
        _judge(_without(DECENT, **{kind: value}), EVIDENCE).exact_score
        for value in (0.3, 0.5, 0.8, 1, 2, 3, 5, 9)
    ]
    assert scores == sorted(scores)
