"""Measured values as columns that a straight-line model can bend and bound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Shares of the answers at which a curve may bend. The outermost are its ends: beyond
#: them an answer is as good or bad as one there, so that no extreme runs away.
_QUANTILES = (0.02, 0.2, 0.4, 0.6, 0.8, 0.98)


@dataclass(frozen=True, slots=True)
class Ramps:
    """One source's columns: column j climbs from 0 to 1 between knots j and j + 1.

    A sum of them is a curve of straight lines between the knots, and it never falls
    where no coefficient is under 0. The columns are centred, so that an average value, and
    one that was not measured, adds nothing.
    """

    source: str
    knots: Floats
    #: What each column is on average over the answers where it was measured.
    means: Floats

    @classmethod
    def of(cls, source: str, values: Floats) -> "Ramps | None":
        """The ramps for ``values`` (NaN: not measured); None where they hardly vary."""
        measured = values[~np.isnan(values)]
        if not len(measured):
            return None
        knots = np.unique(np.quantile(measured, _QUANTILES))
        if len(knots) < 2:
            # Nearly all are the same: one step between the ends, if there are any.
            knots = np.unique([measured.min(), measured.max()])
            if len(knots) < 2:
                return None
        ramps = cls(source, knots, np.zeros(len(knots) - 1))
        return cls(source, knots, ramps.columns(measured).mean(axis=0))

    def columns(self, values: Floats) -> Floats:
        """One row for each value and one column for each ramp."""
        climbed = (values[:, None] - self.knots[:-1]) / np.diff(self.knots)
        return np.nan_to_num(np.clip(climbed, 0, 1) - self.means, nan=0.0)

    def curve(self, coefficients: Floats) -> list[list[float]]:
        """The knots of the curve that ``coefficients`` make, as [value, points]."""
        points = np.concatenate([[0.0], np.cumsum(coefficients)]) - self.means @ coefficients
        return [
            [float(f"{knot:.6g}"), round(float(point), 4)]
            for knot, point in zip(self.knots, points, strict=True)
        ]

    def roughness(self, weights: Floats) -> Floats:
        """The matrix whose quadratic form is what the coefficients cost.

        It asks for slopes near 0 and for slopes that are alike; ``weights`` are how the two
        count. Slopes are in points a standard deviation of the values.
        """
        widths = np.diff(self.knots)
        spread = float(np.sqrt(np.sum(widths**2))) or 1.0
        slopes = np.diag(spread / widths / np.sqrt(len(widths)))
        bends = np.diff(slopes, axis=0)
        matrix: Floats = weights[0] * slopes.T @ slopes + weights[1] * bends.T @ bends
        return matrix


def all_ramps(values: Mapping[str, Floats]) -> Sequence[Ramps]:
    """The ramps of every source that varies, by the sources' names."""
    made = (Ramps.of(source, values[source]) for source in sorted(values))
    return [ramps for ramps in made if ramps is not None]
