"""Points as a function of a measured value."""

from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

_CENT = Decimal("0.01")


class Direction(StrEnum):
    """How points may move as the value grows."""

    RISING = "rising"
    FALLING = "falling"
    #: Too little and too much are both worse than the middle.
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Curve:
    """Straight lines between knots of (value, points); level outside of them."""

    knots: tuple[tuple[float, float], ...]

    def points(self, value: float) -> Decimal:
        """Points for ``value``, in hundredths so that a sum is the same everywhere."""
        values = [knot[0] for knot in self.knots]
        at = bisect_right(values, value)
        if at == 0:
            points = self.knots[0][1]
        elif at == len(self.knots):
            points = self.knots[-1][1]
        else:
            (left, low), (right, high) = self.knots[at - 1], self.knots[at]
            points = low + (high - low) * (value - left) / (right - left)
        return Decimal(repr(points)).quantize(_CENT)

    def follows(self, direction: Direction) -> bool:
        """Tell whether points never move against ``direction``."""
        steps = [
            later[1] - earlier[1]
            for earlier, later in zip(self.knots, self.knots[1:], strict=False)
        ]
        if direction is Direction.RISING:
            return all(step >= 0 for step in steps)
        if direction is Direction.FALLING:
            return all(step <= 0 for step in steps)
        return True
