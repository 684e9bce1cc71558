"""Straight lines that give scores the mean and the spread of marks."""

import statistics
from collections.abc import Sequence


def match_moments(scores: Sequence[float], marks: Sequence[float]) -> list[float]:
    """``scores`` moved and stretched to the mean and standard deviation of ``marks``.

    Scores that are all the same become the mean.
    """
    mean, spread = statistics.fmean(scores), statistics.pstdev(scores)
    stretch = statistics.pstdev(marks) / spread if spread else 0.0
    centre = statistics.fmean(marks)
    return [centre + stretch * (score - mean) for score in scores]
