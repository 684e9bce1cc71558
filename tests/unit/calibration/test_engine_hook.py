"""What a calibration does to a verdict, and what it leaves alone."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.domain.criterion import WRITING_CRITERIA, Criterion
from grading.domain.mark_scale import MarkScale
from grading.domain.result import CapReason, Flag, Impact
from grading.domain.work import WritingTask
from grading.rubric.calibration import Calibration
from grading.rubric.engine import CALIBRATION_KIND, Verdict, judge
from grading.rubric.load import load_rubric
from grading.rubric.observation import Observation
from grading.rubric.rubric import Scorer
from tests.unit.calibration.conftest import DETAILS, observe
from workers.calibration.assembly import assemble

RUBRIC = load_rubric("writing-1.0")
PLAIN = {"word_count": 260.0, "english_word_count": 260.0, "sentence_length": 16.0}
SCALE = MarkScale(0, 10, 0.5)
#: What a model may claim of a poor answer.
PERFECT = {
    "position_held": 3.0, "developed_ideas": 8.0, "organization_moves": 8.0, "apt_phrases": 4.0,
    "structures_formed": 8.0, "grammar_errors_seen": 0.0, "word_errors_seen": 0.0, "sense": 2.0,
}  # fmt: skip


def _calibration(**targets: Any) -> Calibration:
    return assemble("made up", RUBRIC.version, SCALE, {WritingTask.ESSAY: targets})


def _constant(score: float) -> dict[str, Any]:
    return {"start": score, "curves": {}}


def _judge(
    calibration: Calibration | None,
    task: WritingTask = WritingTask.ESSAY,
    **changes: float,
) -> Verdict:
    return judge(RUBRIC, task, observe({**PLAIN, **changes}), calibration)


def _scores(verdict: Verdict) -> dict[Criterion, Decimal]:
    return {item.criterion: item.score for item in verdict.criteria}


def test_a_marked_criterion_gets_its_calibrated_score_and_shows_the_move() -> None:
    plain, moved = _judge(None), _judge(_calibration(grammar=_constant(8.0)))
    assert _scores(moved) == {**_scores(plain), Criterion.GRAMMAR: Decimal("8.0")}
    for item in moved.criteria:
        shown = [piece for piece in item.evidence if piece.kind == CALIBRATION_KIND]
        assert len(shown) == (item.criterion is Criterion.GRAMMAR)
        for piece in shown:
            assert piece.impact is Impact.RAISES
            own = 5.0 + sum(e.points or 0 for e in item.evidence if e is not piece)
            assert piece.points == pytest.approx(8.0 - own, abs=0.01)


@pytest.mark.parametrize("unit", [3.0, 5.0, 6.5, 8.0])
def test_a_marked_unit_moves_all_criteria_together(unit: float) -> None:
    plain, moved = _scores(_judge(None)), _judge(_calibration(overall=_constant(unit)))
    assert moved.exact_score == sum(_scores(moved).values()) / 4
    assert float(moved.exact_score) == pytest.approx(unit, abs=0.25)
    shifts = [_scores(moved)[name] - plain[name] for name in plain]
    assert max(shifts) - min(shifts) <= Decimal("0.5")


@pytest.mark.parametrize("unit", [0.5, 2.0, 4.0, 8.0, 9.9])
def test_criteria_move_on_where_one_reaches_the_end(unit: float) -> None:
    own = dict.fromkeys(WRITING_CRITERIA, Decimal(2)) | {Criterion.VOCABULARY: Decimal(10)}
    calibration = _calibration(overall=_constant(unit))
    moved = calibration.calibrate(RUBRIC, WritingTask.ESSAY, {}, own)
    assert float(sum(moved.values()) / 4) == pytest.approx(unit)
    assert all(0 <= score <= 10 for score in moved.values())


def test_another_task_is_graded_as_without_it() -> None:
    calibration = _calibration(overall=_constant(9.0))
    letter = WritingTask.LETTER
    assert _judge(calibration, letter) == _judge(None, letter)


def test_caps_and_proportions_come_after_it() -> None:
    generous = _calibration(overall=_constant(10.0))
    short = _judge(generous, word_count=100.0, english_word_count=100.0)
    assert CapReason.TOO_SHORT in {cap.reason for cap in short.caps}
    assert short.exact_score <= 4
    # 100 of the 250 words that the task asks for.
    assert _scores(short)[Criterion.TASK_FULFILLMENT] == Decimal("4.0")
    assert _scores(short)[Criterion.GRAMMAR] == Decimal("10.0")


def test_flags_and_confidence_are_untouched() -> None:
    calibration = _calibration(overall=_constant(9.0))
    plain, moved = (_judge(item, instructions_to_grader=2.0) for item in (None, calibration))
    assert moved.flags == plain.flags != ()
    assert moved.confidence == plain.confidence
    assert moved.word_count == plain.word_count


@given(
    st.floats(-50, 60), st.floats(-50, 60), st.floats(0, 30), st.floats(-5, 5), st.floats(0, 400)
)
def test_scores_stay_on_the_scale(
    unit: float, grammar: float, errors: float, slope: float, words: float
) -> None:
    curves = {"grammar_errors": [[0, 0.0], [10, 10 * slope]]}
    calibration = _calibration(
        overall={"start": unit, "curves": curves}, grammar={"start": grammar, "curves": {}}
    )
    verdict = _judge(calibration, grammar_errors=errors, word_count=words, english_word_count=words)
    for score in (verdict.score, *_scores(verdict).values()):
        assert 0 <= score <= 10
        assert score % Decimal("0.5") == 0
    assert all(verdict.exact_score <= cap.limit for cap in verdict.caps)


def test_a_kind_that_was_not_measured_moves_nothing() -> None:
    calibration = _calibration(
        overall={"start": 6.0, "curves": {"grammar_errors": [[0, 2.0], [5, -2.0]]}}
    )
    unmeasured = judge(RUBRIC, WritingTask.ESSAY, observe(PLAIN), calibration)
    average = judge(
        RUBRIC,
        WritingTask.ESSAY,
        (*observe(PLAIN), Observation("unruled_kind", 2.0)),
        calibration,
    )
    assert _scores(unmeasured) == _scores(average)
    assert float(unmeasured.exact_score) == pytest.approx(6.0, abs=0.25)


def test_disputed_evidence_moves_nothing_through_a_calibration_either() -> None:
    rubric = load_rubric("writing-llm-1.0")
    curve = {"start": 5.0, "curves": {"idea_development": [[0, -3.0], [2, 3.0]]}}
    calibration = assemble(
        "made up", rubric.version, SCALE, {WritingTask.ESSAY: {"overall": curve}}
    )

    def judged(errors: float, ideas: float) -> Verdict:
        seen = {**PLAIN, "grammar_errors": errors, "idea_development": ideas, **PERFECT}
        observed = tuple(
            Observation(kind, value, details={**DETAILS, "developed": 1, "corrected": "x"})
            for kind, value in seen.items()
        )
        return judge(rubric, WritingTask.ESSAY, observed, calibration, frozenset(Scorer))

    few, many = judged(25.0, 0.0), judged(25.0, 2.0)
    assert Flag.SCORERS_DISAGREE in few.flags
    assert Flag.SCORERS_DISAGREE in many.flags
    assert _scores(few) == _scores(many)
