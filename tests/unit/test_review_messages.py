"""Marks as they come: of every criterion of the skill, once each."""

from decimal import Decimal

import pytest

from grading.domain.work import Skill
from grading.exceptions import MarksIncomplete
from server.review_messages import marks_from
from tests.stack.reviewing import essay_marks
from vstep.grading.v1.result_pb2 import CRITERION_FLUENCY, CRITERION_GRAMMAR
from vstep.grading.v1.review_service_pb2 import CriterionMark, SubmitReviewRequest


def test_marks_are_read_in_any_order_and_without_a_sign() -> None:
    scores = [
        *reversed(essay_marks(6.5)[:3]),
        CriterionMark(criterion=CRITERION_GRAMMAR, score=-0.0),
    ]
    marks = marks_from(SubmitReviewRequest(scores=scores), Skill.WRITING)
    assert [str(score) for _, score in marks.scores] == ["6.5", "6.5", "6.5", "0.0"]
    assert marks.exact == Decimal("4.875")


@pytest.mark.parametrize(
    ("scores", "skill", "says"),
    [
        (essay_marks(6)[1:], Skill.WRITING, "each of task_fulfillment"),
        (essay_marks(6), Skill.SPEAKING, "each of grammar"),
        (
            [*essay_marks(6), essay_marks(7)[0]],
            Skill.WRITING,
            "CRITERION_TASK_FULFILLMENT is there",
        ),
        (
            [*essay_marks(6), CriterionMark(criterion=CRITERION_FLUENCY, score=6)],
            Skill.WRITING,
            "no other",
        ),
    ],
)
def test_other_marks_are_refused(scores: list[CriterionMark], skill: Skill, says: str) -> None:
    with pytest.raises(MarksIncomplete) as refused:
        marks_from(SubmitReviewRequest(scores=scores), skill)
    assert says in refused.value.description
