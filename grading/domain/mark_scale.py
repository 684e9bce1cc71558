"""The scale that a set of examiners' marks is on."""

import math
from dataclasses import dataclass

#: Marks are decimal; a sum of floats may stray from them by less than this.
_STRAY = 1e-6


@dataclass(frozen=True, slots=True)
class MarkScale:
    """Marks from ``lowest`` to ``highest`` in steps of ``step``.

    Raises:
        ValueError: the step is not over 0, or does not divide the scale.
    """

    lowest: float
    highest: float
    step: float

    def __post_init__(self) -> None:
        finite = all(map(math.isfinite, (self.lowest, self.highest, self.step)))
        if not finite or self.step <= 0 or self.highest <= self.lowest:
            raise ValueError("a scale needs a lowest mark under the highest, and a step over 0")
        steps = (self.highest - self.lowest) / self.step
        if abs(steps - round(steps)) > _STRAY:
            raise ValueError(f"steps of {self.step:g} do not end at {self.highest:g}")

    def __str__(self) -> str:
        return f"{self.lowest:g} to {self.highest:g} in steps of {self.step:g}"

    def place(self, value: float) -> int:
        """How many steps the mark nearest to ``value`` is above the lowest; ties go up."""
        steps = math.floor((value - self.lowest) / self.step + 0.5 + _STRAY)
        return min(max(steps, 0), round((self.highest - self.lowest) / self.step))

    def nearest(self, value: float) -> float:
        """The mark nearest to ``value``; ties go up, as the exam rounds."""
        return self.lowest + self.place(value) * self.step

    def holds(self, mark: float) -> bool:
        """Tell whether ``mark`` is one of the scale's."""
        return abs(self.nearest(mark) - mark) <= _STRAY

    def to_ten(self, mark: float) -> float:
        """``mark`` on the service's 0 to 10: a straight line from end to end."""
        return 10 * (mark - self.lowest) / (self.highest - self.lowest)

    def from_ten(self, score: float) -> float:
        """The inverse of ``to_ten``; not rounded."""
        return self.lowest + score * (self.highest - self.lowest) / 10
