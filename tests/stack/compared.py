"""Marked answers to compare, by chance but always the same ones."""

import random
from decimal import Decimal

from grading.domain.compared import Compared
from grading.domain.criterion import WRITING_CRITERIA
from grading.domain.marks import Marks

_STEP = Decimal("0.5")


def essay_marks(*scores: float | Decimal) -> Marks:
    """Marks of an essay: one score for all criteria, or one for each."""
    each = scores * 4 if len(scores) == 1 else scores
    marks = (Decimal(str(score)) for score in each)
    return Marks(tuple(zip(WRITING_CRITERIA, marks, strict=True)))


def compared(
    examiner: Marks,
    machine: Marks,
    *,
    blind: tuple[Marks, Marks] | None = None,
    grader: str = "scripted 1",
    prompt: str = "",
    rubric: str = "1",
    **labels: str,
) -> Compared:
    """An answer, with the machine's score the mean of its criteria."""
    return Compared(
        examiner, dict(machine.scores), machine.exact, blind, grader, prompt, rubric, labels
    )


def drawn(count: int, *, seed: int = 1, kinder: float = 0.0) -> list[Compared]:
    """Answers on which machine and examiners agree fairly, every second one marked blind."""
    chance = random.Random(seed)
    return [_drawn(chance, kinder, blind=bool(at % 2)) for at in range(count)]


def _drawn(chance: random.Random, kinder: float, *, blind: bool) -> Compared:
    level = chance.gauss(6, 1.5)
    one, other = _marks(chance, level), _marks(chance, level)
    examiner = essay_marks(
        *((mark + mate) / 2 for (_, mark), (_, mate) in zip(one.scores, other.scores, strict=True))
    )
    machine = _marks(chance, level + kinder)
    if not blind:
        return compared(one, machine)
    return compared(examiner, machine, blind=(one, other))


def _marks(chance: random.Random, level: float) -> Marks:
    return essay_marks(
        *(
            min(max(round(2 * chance.gauss(level, 0.7)), 0), 20) * _STEP
            for _ in range(len(WRITING_CRITERIA))
        )
    )
