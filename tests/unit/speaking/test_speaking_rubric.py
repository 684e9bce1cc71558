"""The rubric of speaking and its texts: what they hold, and what they make of observations."""

import re
from decimal import Decimal

import pytest

from grading.domain.confidence import ConfidenceFactor
from grading.domain.criterion import SPEAKING_CRITERIA, Criterion, Moment
from grading.domain.feedback import FeedbackLanguage
from grading.domain.result import CapReason
from grading.domain.work import SpeakingPart
from grading.rubric.engine import Verdict, judge, kinds_used
from grading.rubric.feedback import write_feedback
from grading.rubric.feedback_rules import Side
from grading.rubric.load import load_rubric
from grading.rubric.load_feedback import load_feedback
from grading.rubric.observation import Observation

RUBRIC = load_rubric("speaking-1.0")
TEXTS = load_feedback("speaking-1.0")
VIETNAMESE = re.compile(r"[ăâđêôơưàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ]")
SOUND = (Observation("phone_misfit", 1.8), Observation("speech_rate", 150.0))
WORDS = (
    Observation("grammar_errors", 1.0),
    Observation("distinct_ideas", 50.0),
    Observation("word_count", 150.0),
)


def _judge(*observations: Observation) -> Verdict:
    return judge(RUBRIC, SpeakingPart.SOCIAL_INTERACTION, observations)


def test_five_criteria_of_a_fifth() -> None:
    assert [rule.criterion for rule in RUBRIC.criteria] == list(SPEAKING_CRITERIA)
    assert {rule.weight for rule in RUBRIC.criteria} == {Decimal("0.2")}
    assert set(RUBRIC.minimum_words) == {int(part) for part in SpeakingPart}


def test_caps_are_those_of_the_rules() -> None:
    limits = {(rule.reason, float(rule.limit)) for rule in RUBRIC.caps}
    assert limits == {
        (CapReason.TOO_SHORT, 1.0),
        (CapReason.TOO_SHORT, 4.0),
        (CapReason.NOT_ENGLISH, 3.0),
        (CapReason.OFF_TOPIC, 3.5),
        (CapReason.COPIED_FROM_PROMPT, 3.5),
        (CapReason.MIXED_LANGUAGE, 4.0),
        (CapReason.REPEATED_OR_PADDED, 4.0),
        (CapReason.LOW_TRANSCRIPT_CONFIDENCE, 4.0),
    }


def test_confidence_has_the_weights_of_the_rules_of_routing() -> None:
    assert {rule.factor: rule.weight for rule in RUBRIC.confidence} == {
        ConfidenceFactor.SCORER_AGREEMENT: 30,
        ConfidenceFactor.RULE_VALIDATION: 25,
        ConfidenceFactor.ORIGINALITY: 25,
        ConfidenceFactor.LENGTH_AND_SHAPE: 20,
    }


def test_every_kind_that_is_listed_is_used() -> None:
    assert RUBRIC.kinds - kinds_used(RUBRIC) <= {"scorer_spread"}


def test_what_could_not_be_measured_is_absent_and_its_share_is_shown() -> None:
    whole = _judge(*SOUND, *WORDS)
    assert whole.absent == ()
    assert {item.weight for item in whole.criteria} == {Decimal("0.2")}
    deaf = _judge(*WORDS, Observation("speech_rate", 150.0))
    assert deaf.absent == (Criterion.PRONUNCIATION,)
    assert Criterion.PRONUNCIATION not in {item.criterion for item in deaf.criteria}
    assert {item.weight for item in deaf.criteria} == {Decimal("0.25")}
    mean = sum(item.score for item in deaf.criteria) / 4
    assert deaf.exact_score == mean


def test_nothing_observed_is_no_verdict() -> None:
    with pytest.raises(ValueError, match="nothing that a criterion needs"):
        _judge(Observation("speech_seconds", 3.0))


def test_moments_stand_beside_the_evidence() -> None:
    moment = Moment("go … to", 1.0, 2.0)
    paused = Observation("longest_pause", 4.0, moments=(moment,) * 7)
    verdict = _judge(*SOUND, *WORDS, paused)
    [evidence] = [
        item for score in verdict.criteria for item in score.evidence if item.kind == paused.kind
    ]
    assert evidence.moments == (moment,) * 5
    feedback = write_feedback(TEXTS, FeedbackLanguage.VIETNAMESE, verdict, [paused])
    assert any(moment in remark.moments for remark in feedback.to_work_on)


@pytest.mark.parametrize("kind", ["word_clarity", "phones_heard", "english_sound", "pitch_range"])
def test_more_of_it_never_lowers_pronunciation(kind: str) -> None:
    scores = []
    for value in (0.0, 0.2, 0.5, 0.8, 1.0, 9.0):
        observed = Observation(kind, value, details={"percent": 1, "count": 1})
        verdict = _judge(*SOUND, *WORDS, observed)
        scores.append(
            next(i.score for i in verdict.criteria if i.criterion is Criterion.PRONUNCIATION)
        )
    assert scores == sorted(scores)


def test_texts_are_there_for_all_that_may_be_said() -> None:
    assert set(TEXTS.criteria) == set(SPEAKING_CRITERIA)
    assert set(TEXTS.caps) == {rule.reason for rule in RUBRIC.caps}
    scored = {rule.kind for rule in RUBRIC.rules}
    assert scored <= set(TEXTS.kinds)
    assert set(TEXTS.kinds) - scored == {"english_word_count_shortfall"}


def test_every_text_is_in_its_own_language() -> None:
    texts = [
        (language, text)
        for kind in TEXTS.kinds.values()
        for sides in (kind.texts, *(case.texts for case in kind.cases))
        for side in Side
        if side in sides
        for language, text in sides[side].items()
    ]
    texts += [pair for cap in TEXTS.caps.values() for pair in cap.advice.items()]
    for language, text in texts:
        assert bool(VIETNAMESE.search(text)) is (language is FeedbackLanguage.VIETNAMESE), text
        assert text[-1] in ".?”"
