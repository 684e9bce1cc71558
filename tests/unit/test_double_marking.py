"""Which answers are marked twice, and what two or three examiners' marks come to."""

from decimal import Decimal
from uuid import UUID

import pytest

from grading.domain.criterion import SPEAKING_CRITERIA, Criterion
from grading.domain.double_marking import DoubleMarking, are_too_far_apart, settled_marks
from grading.domain.marks import Marks
from grading.domain.review import ReviewMode, ReviewPolicy
from grading.domain.score import Band
from grading.domain.work import Skill
from tests.stack.held import marks

JOBS = [UUID(int=number) for number in range(4000)]


def test_the_lot_comes_out_the_same_and_at_its_rate() -> None:
    for rate in (0.0, 0.1, 0.5, 1.0):
        chosen = [DoubleMarking(rate).chooses(job) for job in JOBS]
        assert chosen == [DoubleMarking(rate).chooses(job) for job in JOBS]
        assert abs(sum(chosen) / len(JOBS) - rate) <= 0.03
        assert sum(chosen) in (range(1, len(JOBS)) if 0 < rate < 1 else (rate * len(JOBS),))


def test_the_lot_is_not_that_of_the_spot_checks() -> None:
    spot = ReviewPolicy(ReviewMode.REQUIRED, 0.5)
    both = sum(spot._is_chosen(job) and DoubleMarking(0.5).chooses(job) for job in JOBS)
    assert abs(both / len(JOBS) - 0.25) <= 0.03


@pytest.mark.parametrize(
    ("first", "second", "apart"),
    [
        ("6", "6", False),
        ("6", "7", False),
        ("7", "6", False),
        ("6", "7.5", True),
        ("0", "10", True),
    ],
)
def test_more_than_a_point_apart_is_too_far(first: str, second: str, apart: bool) -> None:
    assert are_too_far_apart(marks(first), marks(second)) is apart


def test_one_examiner_is_enough_where_nobody_else_is_to_mark() -> None:
    assert settled_marks([marks("6")], double_marked=False) == marks("6")
    assert settled_marks([], double_marked=False) is None


def test_two_that_agree_come_to_their_mean() -> None:
    assert settled_marks([marks("6")], double_marked=True) is None
    settled = settled_marks(
        [marks("6", "6", "6", "7"), marks("7", "6.5", "6", "7")], double_marked=True
    )
    assert settled == marks("6.5", "6.25", "6", "7")
    assert settled is not None
    assert (settled.exact, settled.score, settled.band) == (
        Decimal("6.4375"),
        Decimal("6.5"),
        Band.B2,
    )


def test_a_third_decides_between_two_that_do_not() -> None:
    far = [marks("5"), marks("7")]
    assert settled_marks(far, double_marked=True) is None
    assert settled_marks([*far, marks("6.5")], double_marked=True) == marks("6.5")


def test_marks_are_of_every_criterion_of_their_skill_and_no_other() -> None:
    scores = {criterion: Decimal(6) for criterion in SPEAKING_CRITERIA}
    ordered = Marks.of(Skill.SPEAKING, dict(reversed(scores.items())))
    assert [criterion for criterion, _ in ordered.scores] == list(SPEAKING_CRITERIA)
    with pytest.raises(ValueError, match="pronunciation"):
        Marks.of(Skill.SPEAKING, {c: s for c, s in scores.items() if c is not Criterion.FLUENCY})
    with pytest.raises(ValueError, match="task_fulfillment"):
        Marks.of(Skill.WRITING, scores)
    with pytest.raises(ValueError, match="and for no other"):
        Marks.of(Skill.SPEAKING, {**scores, Criterion.ORGANIZATION: Decimal(6)})
