"""The figures of agreement, and their intervals, beside those of scikit-learn and SciPy."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats
from sklearn.metrics import accuracy_score, cohen_kappa_score

from grading.domain.agreement_report import Agreed, Measure, Measured, report_agreement
from grading.domain.compared import Compared, Pair
from grading.domain.criterion import WRITING_CRITERIA
from grading.domain.work import Skill
from tests.stack.compared import drawn

Floats = npt.NDArray[np.float64]
CASES = {
    "few": drawn(20, seed=11),
    "many": drawn(400, seed=12),
    "kind": drawn(60, seed=13, kinder=1),
}


def _steps(values: Floats) -> npt.NDArray[np.int_]:
    """In steps of 0.5, ties up, as the exam rounds; what is compared has quarters at the finest."""
    return np.floor(2 * values + 0.5).astype(int)


def _check(agreed: Agreed, pairs: Iterable[Pair | None]) -> None:
    human, machine = np.array([pair for pair in pairs if pair is not None]).T
    found: dict[Measure, Measured] = {one.measure: one for one in agreed.measures}
    marks, scores = _steps(human), _steps(machine)
    apart = np.abs(marks - scores)
    assert agreed.answers == len(human)
    assert found[Measure.QWK].value == pytest.approx(
        cohen_kappa_score(marks, scores, weights="quadratic", labels=list(range(21)))
    )
    assert found[Measure.EXACT].value == pytest.approx(accuracy_score(marks, scores))
    assert found[Measure.ADJACENT].value == pytest.approx((apart <= 1).mean())

    correlation = stats.pearsonr(human, machine)
    assert found[Measure.PEARSON].value == pytest.approx(correlation.statistic)
    _is_interval(found[Measure.PEARSON], correlation.confidence_interval(0.95))
    for measure, steps in ((Measure.EXACT, 0), (Measure.ADJACENT, 1)):
        share = stats.binomtest(int((apart <= steps).sum()), len(apart))
        _is_interval(found[measure], share.proportion_ci(0.95, method="wilson"))

    spread = np.sqrt((human.var() + machine.var()) / 2)
    assert found[Measure.SMD].value == pytest.approx((machine.mean() - human.mean()) / spread)


def _is_interval(measured: Measured, expected: tuple[float, float]) -> None:
    assert measured.interval is not None
    assert (measured.interval.low, measured.interval.high) == pytest.approx(tuple(expected))


@pytest.mark.parametrize("answers", CASES.values(), ids=CASES)
def test_on_the_whole_and_on_each_criterion(answers: list[Compared]) -> None:
    report = report_agreement(Skill.WRITING, answers)
    _check(report.machine.overall, (one.with_machine for one in answers))
    _check(report.examiners.overall, (one.of_examiners for one in answers))
    machine, examiners = dict(report.machine.criteria), dict(report.examiners.criteria)
    for criterion in WRITING_CRITERIA:
        _check(machine[criterion], (dict(one.criteria_with_machine)[criterion] for one in answers))
        _check(
            examiners[criterion],
            (dict(one.criteria_of_examiners)[criterion] for one in answers if one.blind),
        )
