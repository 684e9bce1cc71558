"""Penalised least squares with bounds on signs, and what it would predict for unseen answers."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.calibration.ramps import Floats

Signs = npt.NDArray[np.int8]

#: How strongly coefficients are held back; the best for answers left out is taken.
_PENALTIES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
#: Scores are stretched to the spread of the marks, at most by this: where little can be
#: predicted, it would be chance that is stretched.
_MOST_STRETCH = 2.0
_TINY = 1e-10
#: Rounds of changing all at once that may bring nothing.
_PATIENCE = 3


@dataclass(frozen=True, slots=True)
class Fitted:
    """Marks as ``start`` plus columns times ``coefficients``."""

    start: float
    coefficients: Floats

    def predict(self, columns: Floats) -> Floats:
        """One mark for each row."""
        predicted: Floats = self.start + columns @ self.coefficients
        return predicted


def fit(columns: Floats, marks: Floats, signs: Signs, roughness: Floats) -> Fitted:
    """Fit centred ``columns`` to ``marks``.

    A coefficient is never under 0 where its sign is 1, never over 0 where it is -1, and free
    where it is 0. The penalty is the one of least squared error over answers left out one
    at a time; their predictions also tell the spread to undo, since a penalised model draws
    all scores to the middle.
    """
    centre = float(marks.mean())
    gram, moment = columns.T @ columns / len(marks), columns.T @ (marks - centre) / len(marks)
    best: tuple[float, Floats, Floats] | None = None
    for penalty in _PENALTIES:
        penalised = gram + penalty * roughness
        coefficients = _bounded(penalised, moment, signs)
        left_out = _leave_one_out(columns, marks, coefficients, penalised)
        error = float(np.mean((marks - left_out) ** 2))
        if best is None or error < best[0]:
            best = (error, coefficients, left_out)
    assert best is not None
    _, coefficients, left_out = best
    spread = float(left_out.std())
    stretch = min(_MOST_STRETCH, float(marks.std()) / spread) if spread > 0 else 1.0
    return Fitted(centre, coefficients * stretch)


def _bounded(matrix: Floats, moment: Floats, signs: Signs) -> Floats:
    """The least value of x M x / 2 - x m within the signs, M being positive definite.

    Principal pivoting (Kim and Park 2011, SIAM Journal on Scientific Computing 33): every
    coefficient is either free or 0, and those on the wrong side change over, all at once
    while that helps and then one at a time, which always ends.
    """
    free = np.ones(len(moment), dtype=bool)
    fewest, patience = len(moment) + 1, _PATIENCE
    while True:
        found = np.zeros(len(moment))
        at = np.flatnonzero(free)
        found[at] = np.linalg.solve(matrix[np.ix_(at, at)], moment[at])
        pull = moment - matrix @ found
        wrong = np.flatnonzero(np.where(free, found * signs < -_TINY, pull * signs > _TINY))
        if not len(wrong):
            return found
        if len(wrong) < fewest:
            fewest, patience = len(wrong), _PATIENCE
        elif patience:
            patience -= 1
        else:
            wrong = wrong[-1:]
        free[wrong] = ~free[wrong]


def _leave_one_out(
    columns: Floats, marks: Floats, coefficients: Floats, penalised: Floats
) -> Floats:
    """What each answer is predicted by the others.

    The closed form of ridge regression (Allen's PRESS, 1974), given which coefficients lie at
    their bound.
    """
    free = np.flatnonzero(coefficients)
    part = columns[:, free]
    solved = np.linalg.solve(penalised[np.ix_(free, free)], part.T)
    leverage = (1 + np.einsum("ij,ji->i", part, solved)) / len(marks)
    residual = marks - marks.mean() - columns @ coefficients
    predicted: Floats = marks - residual / (1 - np.minimum(leverage, 0.99))
    return predicted
