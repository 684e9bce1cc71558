"""Measures many answers, in two processes at most."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace

from grading.domain.work import WritingWork
from workers.calibration.feature_cache import FeatureCache, Features
from workers.measuring_pool import MeasuringPool
from workers.writing.measurer import MeasuringElsewhere

#: Fewer answers than this are measured before a second process has loaded its models.
_WORTH_A_PROCESS = 40
_MOST_PROCESSES = 2

#: Hears how many answers are measured, and how many there are.
Tell = Callable[[int, int], None]


def measure_answers(
    works: Sequence[WritingWork], cache: FeatureCache | None, tell: Tell
) -> list[Features]:
    """What is observed of each of ``works``, without quotes."""
    found = _kept(works, cache)
    missing = [at for at in range(len(works)) if at not in found]
    if missing:
        processes = min(_MOST_PROCESSES, 1 + len(missing) // _WORTH_A_PROCESS)
        with closing(MeasuringPool(processes)) as pool:
            measured = MeasuringElsewhere(pool).measure_all([works[at] for at in missing])
            for at, features in zip(missing, measured, strict=True):
                found[at] = tuple(replace(item, quotes=()) for item in features)
                if cache:
                    cache.put(works[at], found[at])
                tell(len(found), len(works))
    return [found[at] for at in range(len(works))]


def _kept(works: Sequence[WritingWork], cache: FeatureCache | None) -> dict[int, Features]:
    entries = enumerate(cache.get(work) for work in works) if cache else ()
    return {at: features for at, features in entries if features is not None}
