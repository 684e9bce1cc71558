"""A recording that is measured and told of by a model: who says what, and when it is asked."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from bench.speech_cases import read_speech_cases
from grading.domain.criterion import SOUND_CRITERIA, Criterion
from grading.domain.result import Flag, GradingResult, NotAssessable
from grading.domain.work import SpeakingPart
from tests.stack.evidence import shown
from tests.stack.provider.server import Provider
from tests.stack.waiting import until
from tests.unit.speaking.conftest import CASES
from tests.unit.speaking.hearing.conftest import TEXT, Listener
from workers.speaking.models import SpeakingModels

#: Said twice in a row, which is no part of what the model is shown.
RESTARTED = TEXT.replace("I would like", "I would like I would like")


@dataclass
class _DeafAligner:
    """Aligns nothing."""

    inner: Any

    @property
    def dictionary(self) -> Any:
        return self.inner.dictionary

    def align(self, *given: Any) -> Any:
        del given
        return ()


@dataclass
class _WaitingAligner(_DeafAligner):
    """Aligns nothing before the model was asked."""

    provider: Provider

    def align(self, *given: Any) -> Any:
        until(lambda: self.provider.chat.calls)
        return self.inner.align(*given)


def _of(result: GradingResult, criterion: Criterion) -> Any:
    return next(item for item in result.criteria if item.criterion is criterion)


def test_the_model_tells_of_words_and_never_of_sound(
    provider: Provider, listener: Listener
) -> None:
    heard, alone = listener.grade(), listener.alone()
    assert len(provider.chat.calls) == 1
    for criterion in SOUND_CRITERIA:
        assert _of(heard, criterion) == _of(alone, criterion)
    for criterion in (Criterion.GRAMMAR, Criterion.VOCABULARY, Criterion.DISCOURSE_MANAGEMENT):
        kinds = {item.kind for item in _of(heard, criterion).evidence}
        assert kinds > {item.kind for item in _of(alone, criterion).evidence}
    assert heard.flags == ()


def test_where_nothing_can_be_aligned_no_model_makes_it_up(
    provider: Provider, listener: Listener
) -> None:
    def deafen(models: SpeakingModels) -> SpeakingModels:
        aligner: Any = _DeafAligner(models.aligner)
        return replace(models, aligner=aligner)

    result = listener.grade(change=deafen)
    assert result.provenance.grader == "llm-speaking"
    assert result.absent == (Criterion.PRONUNCIATION,)
    assert result.flags == ()


def test_the_result_is_that_of_a_recording(provider: Provider, listener: Listener) -> None:
    result = listener.grade(RESTARTED)
    assert result.transcript is not None
    assert result.audio is not None
    moments = [
        moment
        for criterion in result.criteria
        for evidence in criterion.evidence
        for moment in evidence.moments
    ]
    assert len(moments) > 10
    assert all(0 <= item.start < item.end <= result.audio.seconds for item in moments)
    assert not [item.quotes for score in result.criteria for item in score.evidence if item.quotes]
    words = result.transcript.text
    [idea] = [
        item
        for item in _of(result, Criterion.DISCOURSE_MANAGEMENT).evidence
        if item.kind == "idea_development"
    ]
    assert idea.moments
    assert all(moment.text in words for moment in idea.moments)


def test_what_was_given_up_is_not_shown(provider: Provider, listener: Listener) -> None:
    listener.grade(RESTARTED, part=SpeakingPart.TOPIC_DEVELOPMENT)
    [call] = provider.chat.calls
    assert shown(call) == TEXT
    assert call.messages[-1]["content"].startswith("Part 3: topic development.\n")


def test_provenance_names_model_prompt_and_rubric(provider: Provider, listener: Listener) -> None:
    provenance = listener.grade().provenance
    assert provenance.grader == "llm-speaking"
    assert provenance.rubric_version == "speaking-llm-1.0"
    assert provenance.feature_version == "speaking-1.0+speaking-evidence-1.0"
    assert provenance.fallback == ""
    [use] = provenance.models
    assert (use.stage, use.prompt_version) == ("evidence", "speaking-evidence-1.0")
    assert len(use.prompt_hash) == 16
    assert use.usage.total > 0
    assert any(tool.startswith("pocketsphinx ") for tool in provenance.tools)
    assert "feedback speaking-1.0" in provenance.tools


def test_the_same_words_and_evidence_give_the_same_result(
    provider: Provider, listener: Listener
) -> None:
    assert listener.grade() == listener.grade()


def test_the_model_is_asked_before_it_is_known_how_the_answer_sounds(
    provider: Provider, listener: Listener
) -> None:
    def wait(models: SpeakingModels) -> SpeakingModels:
        aligner: Any = _WaitingAligner(models.aligner, provider)
        return replace(models, aligner=aligner)

    assert listener.grade(change=wait).provenance.grader == "llm-speaking"


def test_progress_only_grows(provider: Provider, listener: Listener) -> None:
    seen: list[tuple[float, str]] = []

    def report(stage: Any, progress: float, message: str) -> None:
        del stage
        seen.append((progress, message))

    listener.grade(run={"report": report})
    numbers = [progress for progress, _ in seen]
    assert numbers == sorted(numbers)
    assert "Waiting for the language model" in {message for _, message in seen}


def test_where_nobody_speaks_nobody_is_asked(
    provider: Provider, listener: Listener, models: SpeakingModels
) -> None:
    [silence] = [case.work for case in read_speech_cases(CASES) if case.id == "silence"]
    outcome = listener.outcome(silence, models, {}, {})
    assert isinstance(outcome, NotAssessable)
    assert outcome.provenance.fallback == "nothing_own"
    assert provider.chat.calls == []


def test_another_language_is_no_models_business(provider: Provider, listener: Listener) -> None:
    words = "toi song o mot khu pho nho ben bo song va toi rat thich no " * 4
    result = listener.grade(words, language="vi")
    assert provider.chat.calls == []
    assert result.provenance.fallback == "not_english"
    assert result == replace(listener.alone(words, language="vi"), provenance=result.provenance)


def test_where_nothing_is_the_speakers_own_nobody_is_asked(
    provider: Provider, listener: Listener
) -> None:
    prompt = (
        "Talk about how your neighbourhood has changed. What are the good and the bad sides of"
        " living there now?"
    )
    result = listener.grade(prompt)
    assert provider.chat.calls == []
    assert result.provenance.fallback == "nothing_own"


@pytest.mark.parametrize("scorers", ["both", "evidence"])
def test_the_sound_is_measured_whoever_scores_the_words(
    provider: Provider, listener: Listener, scorers: str
) -> None:
    result = listener.grade(settings={"grading_scorers": scorers})
    alone = listener.alone()
    for criterion in SOUND_CRITERIA:
        assert _of(result, criterion) == _of(alone, criterion)
    kinds = {item.kind for item in _of(result, Criterion.GRAMMAR).evidence}
    assert "grammar_errors_seen" in kinds
    assert ("error_free_clauses" in kinds) is (scorers == "both")
    # What bounds a score or tells how sure it is needs the features all the same.
    assert result.confidence is not None
    assert Flag.SCORERS_DISAGREE not in result.flags
    capped = listener.grade(" ".join(TEXT.split()[:25]), settings={"grading_scorers": scorers})
    assert capped.caps
