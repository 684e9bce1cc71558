"""Blind second marking: which answers two examiners mark, and when a third one decides."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from grading.domain.marks import Marks, mean_of

#: Two examiners' scores that are further apart than this go to a third one.
FURTHEST_APART = Decimal("1.0")


@dataclass(frozen=True, slots=True)
class DoubleMarking:
    """Draws the answers that are marked twice."""

    #: Share of the reviews, 0 to 1.
    rate: float

    def chooses(self, job_id: UUID) -> bool:
        """Whether a job's answer is marked twice; the same for a job each time.

        The lot is another than that of the spot checks: those would be drawn again otherwise.
        """
        drawn = hashlib.sha256(b"double marking " + job_id.bytes).digest()[:8]
        return int.from_bytes(drawn) < self.rate * 2**64


def are_too_far_apart(first: Marks, second: Marks) -> bool:
    """Whether a third examiner has to decide between two."""
    return abs(first.score - second.score) > FURTHEST_APART


def settled_marks(marks: Sequence[Marks], *, double_marked: bool) -> Marks | None:
    """What the examiners' marks come to; None while another one has to mark.

    The marks of one, or the mean of two; where those are too far apart, the third's alone.
    """
    match marks:
        case [only] if not double_marked:
            return only
        case [first, second] if not are_too_far_apart(first, second):
            return mean_of((first, second))
        case [_, _, third]:
            return third
    return None
