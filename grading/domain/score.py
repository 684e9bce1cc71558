"""The scale: scores of 0 to 10 in steps of 0.5, and the bands on it."""

from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

LOWEST = Decimal(0)
HIGHEST = Decimal(10)
STEP = Decimal("0.5")


class Band(StrEnum):
    """The VSTEP.3-5 band of a score (Circular 23/2017's scale)."""

    BELOW_B1 = "below_b1"
    B1 = "b1"
    B2 = "b2"
    C1 = "c1"


_LOWEST_SCORE_OF_BAND = (
    (Decimal("8.5"), Band.C1),
    (Decimal("6.0"), Band.B2),
    (Decimal("4.0"), Band.B1),
)


def round_score(exact: Decimal) -> Decimal:
    """Round to the nearest 0.5, ties up: 8.25 becomes 8.5.

    The published rule says only "nearest 0.5". Python's own ``round`` is
    half-even and would pass a tie at B1 and B2 and fail it at C1.

    Raises:
        ValueError: the score lies outside 0 to 10.
    """
    if not LOWEST <= exact <= HIGHEST:
        raise ValueError(f"a score lies between 0 and 10, not at {exact}")
    steps = (exact / STEP).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return (steps * STEP).quantize(Decimal("0.1"))


def band_of(score: Decimal) -> Band:
    """Tell the band of a rounded score."""
    for lowest, band in _LOWEST_SCORE_OF_BAND:
        if score >= lowest:
            return band
    return Band.BELOW_B1
