"""How far chance moves the measures of agreement: percentile bootstrap intervals."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from grading.domain.mark_scale import MarkScale

Floats = npt.NDArray[np.float64]

RESAMPLES = 1000
#: Ends of the interval that holds 95 of 100 resamples.
_ENDS = (0.025, 0.975)
_SEED = 20240771


def bootstrap(
    human: Sequence[float], machine: Sequence[float], scale: MarkScale
) -> Mapping[str, tuple[float, float]]:
    """The 95 % interval of each measure of ``Agreement``, by its name.

    Answers are drawn again with replacement (Efron 1979, Annals of Statistics 7), always
    the same draws. A measure that some resample can't have is left out.
    """
    marks, scores = np.asarray(human, dtype=float), np.asarray(machine, dtype=float)
    places = np.array([[scale.place(mark) for mark in human], [scale.place(s) for s in machine]])
    random = np.random.default_rng(_SEED)
    drawn: dict[str, list[float]] = {}
    for _ in range(RESAMPLES):
        at = random.integers(0, len(marks), len(marks))
        for name, value in _measures(marks[at], scores[at], places[:, at]).items():
            drawn.setdefault(name, []).append(value)
    return {
        name: (float(np.quantile(values, _ENDS[0])), float(np.quantile(values, _ENDS[1])))
        for name, values in drawn.items()
        if np.isfinite(values).all()
    }


def _measures(marks: Floats, scores: Floats, places: npt.NDArray[np.int_]) -> Mapping[str, float]:
    apart = np.abs(places[0] - places[1])
    mark_place, score_place = places.astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = score_place.mean() - mark_place.mean()
        chance = mark_place.var() + score_place.var() + shift**2
        return {
            "qwk": float(2 * _covariance(mark_place, score_place) / chance),
            "pearson": _correlation(marks, scores),
            "spearman": _correlation(_ranks(marks), _ranks(scores)),
            "smd": float(
                (scores.mean() - marks.mean()) / np.sqrt((scores.var() + marks.var()) / 2)
            ),
            "exact": float((apart == 0).mean()),
            "adjacent": float((apart <= 1).mean()),
        }


def _covariance(x: Floats, y: Floats) -> float:
    return float(((x - x.mean()) * (y - y.mean())).mean())


def _correlation(x: Floats, y: Floats) -> float:
    return float(_covariance(x, y) / np.sqrt(x.var() * y.var()))


def _ranks(values: Floats) -> Floats:
    """Ranks from 1; ties share their mean rank."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(counts) - (counts - 1) / 2)[which]
    return ranks
