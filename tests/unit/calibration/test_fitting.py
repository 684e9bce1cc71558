"""Fitting: what marks teach, and what they can't."""

from random import Random

import numpy as np
import pytest

from grading.domain.work import WritingTask
from grading.rubric.calibration import Calibration
from grading.rubric.calibration_file import OVERALL
from grading.rubric.engine import judge
from grading.rubric.points import FEATURES_ALONE, score_jointly
from grading.rubric.rubric import Rubric
from tests.unit.calibration.conftest import (
    SCALE,
    Drawn,
    draw,
    observe,
    plain_values,
    strict_on_errors,
)
from workers.calibration.assembly import assemble
from workers.calibration.directions import directions
from workers.calibration.fitting import FEWEST_ANSWERS, fit_task
from workers.calibration.ramps import Ramps
from workers.calibration.ridge import fit
from workers.calibration.validation import cross_validated, uncalibrated

ESSAY = WritingTask.ESSAY


def _calibration(rubric: Rubric, drawn: Drawn) -> Calibration:
    sheet, measured = drawn
    targets = fit_task(rubric, sheet, ESSAY, measured)
    return assemble("synthetic", rubric.version, SCALE, {ESSAY: targets})


def test_a_calibration_finds_the_examiners_rule_again(rubric: Rubric, drawn: Drawn) -> None:
    sheet, measured = drawn
    before = uncalibrated(rubric, sheet, ESSAY, measured)[OVERALL]
    for by_prompt in (False, True):
        found = cross_validated(rubric, sheet, ESSAY, measured, by_prompt=by_prompt)
        after = found[OVERALL]
        assert after.n == len(measured)
        assert after.pearson is not None
        assert after.qwk is not None
        assert before.qwk is not None
        assert after.pearson > 0.9
        assert after.qwk > max(0.9, before.qwk)
        assert after.smd == pytest.approx(0, abs=0.1)
        assert set(found) == {OVERALL, "grammar"}


def test_prompts_are_held_out_only_where_there_are_several(rubric: Rubric, drawn: Drawn) -> None:
    sheet, measured = drawn
    of_two = [item for item in measured if item.answer.work.prompt.text in ("Prompt 1", "Prompt 2")]
    assert cross_validated(rubric, sheet, ESSAY, of_two * 2, by_prompt=True) == {}


def test_too_few_marks_are_not_fitted(rubric: Rubric, drawn: Drawn) -> None:
    sheet, measured = drawn
    assert fit_task(rubric, sheet, ESSAY, measured[: FEWEST_ANSWERS - 1]) == {}
    assert set(fit_task(rubric, sheet, ESSAY, measured[:FEWEST_ANSWERS])) == {OVERALL, "grammar"}


def test_more_errors_never_raise_whatever_the_marks_say(rubric: Rubric) -> None:
    def perverse(values: dict[str, float], random: Random) -> dict[str, float]:
        return {"overall": 2 + 0.7 * values["grammar_errors"] + random.gauss(0, 0.2)}

    calibration = _calibration(rubric, draw(rubric, perverse, 120))
    random = Random(1)
    for _ in range(20):
        values = plain_values(random)
        means = []
        for errors in (0.0, 1.0, 3.0, 6.0, 12.0):
            changed = {**values, "grammar_errors": errors}
            own = score_jointly(
                rubric, ESSAY, {o.kind: o for o in observe(changed)}, FEATURES_ALONE
            ).together
            means.append(sum(calibration.calibrate(rubric, ESSAY, changed, own).values()))
        # Before the criteria are rounded, each for itself.
        assert means == sorted(means, reverse=True)


def test_what_is_only_flagged_is_no_source(rubric: Rubric, drawn: Drawn) -> None:
    _, measured = drawn
    assert all("instructions_to_grader" not in item.sources for item in measured)

    def bribed(values: dict[str, float], random: Random) -> dict[str, float]:
        return {"overall": 5 + 4 * values["instructions_to_grader"]}

    calibration = _calibration(rubric, draw(rubric, bribed, 120))
    values = plain_values(Random(2))
    asking, silent = (
        judge(rubric, ESSAY, observe({**values, "instructions_to_grader": n}), calibration)
        for n in (3.0, 0.0)
    )
    assert asking.exact_score == silent.exact_score
    assert asking.flags


def test_directions_are_the_rubrics(rubric: Rubric) -> None:
    found = directions(rubric, ESSAY, None)
    assert found["grammar_errors"] == -1
    assert found["requirements_covered"] == 1
    assert found["rubric.grammar"] == 1
    assert "sentence_length" not in found


def test_the_same_marks_give_the_same_version(rubric: Rubric, drawn: Drawn) -> None:
    again = draw(rubric, strict_on_errors, 240)
    assert _calibration(rubric, drawn).version == _calibration(rubric, again).version


def test_ramps_add_nothing_on_average_and_where_nothing_was_measured() -> None:
    values = np.array([1.0, 2.0, 5.0, 9.0, np.nan, 3.0])
    ramps = Ramps.of("kind", values)
    assert ramps is not None
    columns = ramps.columns(values)
    assert columns.sum(axis=0) == pytest.approx(0)
    assert not columns[4].any()
    assert Ramps.of("kind", np.array([3.0, 3.0, np.nan])) is None
    assert Ramps.of("kind", np.array([np.nan])) is None


def test_a_curve_in_the_file_is_the_fitted_one() -> None:
    values = np.linspace(0, 10, 50)
    ramps = Ramps.of("kind", values)
    assert ramps is not None
    coefficients = np.arange(1.0, len(ramps.means) + 1)
    knots = np.array(ramps.curve(coefficients))
    drawn = np.interp(values, knots[:, 0], knots[:, 1])
    assert drawn == pytest.approx(ramps.columns(values) @ coefficients, abs=2e-3)


def test_signs_hold_and_free_coefficients_are_those_of_ridge_regression() -> None:
    random = np.random.default_rng(3)
    columns = random.normal(size=(200, 6))
    columns -= columns.mean(axis=0)
    marks = columns @ np.array([2.0, -1.0, 0.5, -2.0, 1.0, 0.0]) + random.normal(size=200)
    signs = np.array([1, 1, 0, 0, -1, -1], dtype=np.int8)
    fitted = fit(columns, marks, signs, np.eye(6))
    assert (fitted.coefficients * signs >= 0).all()
    assert fitted.coefficients[1] == fitted.coefficients[4] == 0
    free = fit(columns, marks, np.zeros(6, dtype=np.int8), np.eye(6))
    centred = marks - marks.mean()
    ridges = [
        np.linalg.solve(columns.T @ columns / 200 + p * np.eye(6), columns.T @ centred / 200)
        for p in (0.003, 0.01, 0.03)
    ]
    angles = [
        ridge @ free.coefficients / np.linalg.norm(ridge) / np.linalg.norm(free.coefficients)
        for ridge in ridges
    ]
    assert max(angles) == pytest.approx(1, abs=1e-9)


def test_predictions_for_unseen_answers_have_the_spread_of_the_marks() -> None:
    random = np.random.default_rng(4)
    columns = random.normal(size=(400, 5))
    marks = columns @ np.array([1.0, 0.5, 0, 0, 0]) + random.normal(size=400)
    train, test = slice(0, 300), slice(300, 400)
    centre = columns[train].mean(axis=0)
    fitted = fit(columns[train] - centre, marks[train], np.zeros(5, dtype=np.int8), np.eye(5))
    unseen = fitted.predict(columns[test] - centre)
    assert unseen.std() == pytest.approx(marks.std(), rel=0.15)
