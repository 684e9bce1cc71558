"""What reviews say: by criterion, by group, against ETS's bars, and since the period before."""

import math
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from grading.domain.agreement_report import (
    FEWEST,
    MOST_BELOW_EXAMINERS,
    MOST_GROUPS,
    Agreed,
    Measure,
    Measured,
    bias_of,
    drift_between,
    report_agreement,
)
from grading.domain.compared import Compared, Grouping
from grading.domain.criterion import WRITING_CRITERIA, Criterion
from grading.domain.work import Skill
from tests.stack.compared import compared, drawn, essay_marks

ANSWERS = drawn(200)


def _found(agreed: Agreed) -> dict[Measure, Measured]:
    return {one.measure: one for one in agreed.measures}


def test_nothing_is_told_of_nothing() -> None:
    report = report_agreement(Skill.WRITING, [], Grouping)
    for table in (report.machine, report.examiners):
        assert table.overall == Agreed(0)
        assert table.criteria == tuple((criterion, Agreed(0)) for criterion in WRITING_CRITERIA)
    assert report.groups == ()


def test_of_few_answers_only_their_number_is_told() -> None:
    few = report_agreement(Skill.WRITING, ANSWERS[: FEWEST - 1], [Grouping.BAND])
    assert few.machine.overall == Agreed(FEWEST - 1)
    assert all(group.agreed.measures == () and group.bias is None for group in few.groups)
    enough = report_agreement(Skill.WRITING, ANSWERS[:FEWEST]).machine
    assert len(enough.overall.measures) == len(Measure)


def test_a_measure_that_is_not_defined_is_absent_and_never_0() -> None:
    same = [compared(essay_marks(6), essay_marks(6))] * FEWEST
    agreed = report_agreement(Skill.WRITING, same).machine.overall
    assert set(_found(agreed)) == {Measure.EXACT, Measure.ADJACENT}
    # The machine gives one score to all: it can't be said to go with the examiners' at all.
    dull = [compared(essay_marks(5 + at % 3), essay_marks(6)) for at in range(FEWEST)]
    found = _found(report_agreement(Skill.WRITING, dull).machine.overall)
    assert Measure.PEARSON not in found
    assert found[Measure.QWK].value == 0


def test_the_machine_is_compared_on_what_it_could_measure() -> None:
    blank = replace(ANSWERS[0], machine={}, machine_exact=None)
    part = replace(ANSWERS[1], machine={Criterion.GRAMMAR: Decimal(6)})
    table = report_agreement(Skill.WRITING, [*ANSWERS[2:30], blank, part]).machine
    assert table.overall.answers == 29
    assert {criterion: agreed.answers for criterion, agreed in table.criteria} == {
        **dict.fromkeys(WRITING_CRITERIA, 28),
        Criterion.GRAMMAR: 29,
    }


def test_examiners_are_compared_on_what_two_marked_blind() -> None:
    one, other = essay_marks(5, 6, 7, 8), essay_marks(6, 6, 7, 8)
    blind = [compared(essay_marks(6), essay_marks(6), blind=(one, other))] * FEWEST
    report = report_agreement(
        Skill.WRITING, [*blind, *(answer for answer in ANSWERS if not answer.blind)]
    )
    assert report.examiners.overall.answers == FEWEST
    by_criterion = dict(report.examiners.criteria)
    assert _found(by_criterion[Criterion.TASK_FULFILLMENT])[Measure.EXACT].value == 0
    assert _found(by_criterion[Criterion.GRAMMAR])[Measure.EXACT].value == 1
    # The second is kinder by half a step of the mean.
    assert all(one.bar is None for one in report.examiners.overall.measures)


def test_bars_are_met_and_missed() -> None:
    good = [compared(essay_marks(4 + at % 7), essay_marks(4 + at % 7)) for at in range(70)]
    met = _found(report_agreement(Skill.WRITING, good).machine.overall)
    assert {measure: one.meets_bar for measure, one in met.items()} == dict.fromkeys(Measure, True)
    kind = [compared(essay_marks(4 + at % 5), essay_marks(6 + at % 5)) for at in range(70)]
    missed = _found(report_agreement(Skill.WRITING, kind).machine.overall)
    assert {measure: one.meets_bar for measure, one in missed.items()} == {
        Measure.QWK: False,
        Measure.PEARSON: True,
        Measure.SMD: False,
        Measure.EXACT: False,
        Measure.ADJACENT: False,
    }
    assert missed[Measure.SMD].value > 0
    assert missed[Measure.SMD].bar == 0.15


def test_the_machine_is_measured_by_examiners() -> None:
    report = report_agreement(Skill.WRITING, ANSWERS)
    machine, examiners = _found(report.machine.overall), _found(report.examiners.overall)
    for measure in (Measure.QWK, Measure.PEARSON):
        below = machine[measure].below_examiners
        assert below is not None
        assert below == pytest.approx(examiners[measure].value - machine[measure].value)
        assert machine[measure].is_near_examiners is (below <= MOST_BELOW_EXAMINERS)
    assert machine[Measure.SMD].below_examiners is None
    alone = report_agreement(Skill.WRITING, [one for one in ANSWERS if one.blind is None])
    assert all(one.is_near_examiners is None for one in alone.machine.overall.measures)


@pytest.mark.parametrize(("below", "near"), [(0.1, True), (0.3 - 0.2, True), (0.101, False)])
def test_a_tenth_below_examiners_is_allowed(below: float, near: bool) -> None:
    assert Measured(Measure.QWK, 0.7, below_examiners=below).is_near_examiners is near


def _in_groups() -> list[Compared]:
    return [
        replace(
            answer,
            grader="old 1" if at % 4 else "new 1",
            prompt="" if at % 4 else "evidence-1.0",
            rubric="1.0" if at % 4 else "2.0",
            labels={
                "first_language": "vi" if at % 5 else "km",
                **({"age": "teen"} if at % 2 else {}),
            },
        )
        for at, answer in enumerate(ANSWERS)
    ]


def test_groups_are_told_apart_the_largest_first() -> None:
    groups = report_agreement(Skill.WRITING, _in_groups(), Grouping).groups
    sizes = {(one.grouping, one.label, one.value): one.agreed.answers for one in groups}
    assert {key: n for key, n in sizes.items() if key[0] is not Grouping.BAND} == {
        (Grouping.GRADER, "", "old 1"): 150,
        (Grouping.GRADER, "", "new 1"): 50,
        (Grouping.PROMPT, "", ""): 150,
        (Grouping.PROMPT, "", "evidence-1.0"): 50,
        (Grouping.RUBRIC, "", "1.0"): 150,
        (Grouping.RUBRIC, "", "2.0"): 50,
        (Grouping.MARKING, "", "blind"): 100,
        (Grouping.MARKING, "", "open"): 100,
        (Grouping.LABEL, "first_language", "vi"): 160,
        (Grouping.LABEL, "first_language", "km"): 40,
        (Grouping.LABEL, "age", "teen"): 100,
    }
    bands = [one for one in groups if one.grouping is Grouping.BAND]
    assert sum(one.agreed.answers for one in bands) == 200
    assert {one.value for one in bands} <= {"below_b1", "b1", "b2", "c1"}
    order = [one.agreed.answers for one in bands]
    assert order == sorted(order, reverse=True)
    assert [one.label for one in groups if one.grouping is Grouping.LABEL] == [
        "first_language", "first_language", "age",
    ]  # fmt: skip


def test_the_largest_groups_of_a_label_are_told_and_no_more() -> None:
    many = [
        replace(answer, labels={"school": f"school-{at if at < 100 else 0}"})
        for at, answer in enumerate(ANSWERS)
    ]
    groups = report_agreement(Skill.WRITING, many, [Grouping.LABEL]).groups
    assert len(groups) == MOST_GROUPS
    assert (groups[0].value, groups[0].agreed.answers) == ("school-0", 101)


def test_bias_is_how_much_kinder_the_machine_is_to_a_group() -> None:
    group = [one.with_machine or (0.0, 0.0) for one in drawn(60, seed=2, kinder=1.0)]
    rest = [one.with_machine or (0.0, 0.0) for one in drawn(140, seed=3)]
    found = bias_of(group, [*rest, *group])
    assert found is not None
    assert not found.meets_bar
    whole = np.array([*rest, *group])
    spread = math.sqrt((whole[:, 0].var() + whole[:, 1].var()) / 2)
    inside, beyond = (np.subtract(*np.array(pairs).T[::-1]) for pairs in (group, rest))
    expected = (inside.mean() - np.subtract(*whole.T[::-1]).mean()) / spread
    assert found.value == pytest.approx(expected)
    error = 0.7 * math.sqrt(inside.var(ddof=1) / 60 + beyond.var(ddof=1) / 140) / spread
    assert found.interval is not None
    assert found.interval.high - found.value == pytest.approx(1.959964 * error, rel=1e-6)
    assert found.interval.low > 0


def test_bias_needs_a_group_and_a_rest() -> None:
    pairs = [one.with_machine or (0.0, 0.0) for one in ANSWERS[:20]]
    assert bias_of(pairs, pairs) is None
    assert bias_of(pairs[: FEWEST - 1], pairs) is None
    assert bias_of(pairs[: FEWEST + 1], pairs) is None
    assert bias_of(pairs[:FEWEST], pairs) is not None
    assert bias_of([(6.0, 6.0)] * FEWEST, [(6.0, 6.0)] * 20) is None


def test_drift_is_told_of_what_was_measured_in_both_periods() -> None:
    before = report_agreement(Skill.WRITING, drawn(200, seed=5)).machine.overall
    same = report_agreement(Skill.WRITING, drawn(200, seed=6)).machine.overall
    kinder = report_agreement(Skill.WRITING, drawn(200, seed=6, kinder=1.5)).machine.overall
    assert [one.measure for one in drift_between(before, same)] == list(Measure)
    quiet = {one.measure: one for one in drift_between(before, same)}
    moved = {one.measure: one for one in drift_between(before, kinder)}
    for measure, sign in ((Measure.SMD, 1), (Measure.QWK, -1)):
        still, gone = quiet[measure].interval, moved[measure].interval
        assert still is not None
        assert still.certain == 0
        assert gone is not None
        assert gone.certain * sign > 0.05
        change = moved[measure].change
        assert change == pytest.approx(moved[measure].now - moved[measure].before)
        assert gone.low < change < gone.high
    assert drift_between(Agreed(3), same) == ()
    assert drift_between(before, Agreed(3)) == ()
