"""Measures many answers, in two processes at most."""

import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

from grading.domain.work import WritingWork
from workers.calibration.feature_cache import FeatureCache, Features
from workers.writing.measure import measure
from workers.writing.models import Models, load_models

#: Fewer answers than this are measured before a second process has loaded its models.
_WORTH_A_PROCESS = 40
_MOST_PROCESSES = 2

#: Hears how many answers are measured, and how many there are.
Tell = Callable[[int, int], None]

_models: Models | None = None


def measure_answers(
    works: Sequence[WritingWork], cache: FeatureCache | None, tell: Tell
) -> list[Features]:
    """What is observed of each of ``works``, without quotes."""
    found = _kept(works, cache)
    missing = [at for at in range(len(works)) if at not in found]
    if missing:
        processes = min(_MOST_PROCESSES, 1 + len(missing) // _WORTH_A_PROCESS)
        # Not forked: the calling process may run threads, gRPC's among them.
        with multiprocessing.get_context("spawn").Pool(processes, _load) as pool:
            measured = pool.imap(_measure, (works[at] for at in missing))
            for at, features in zip(missing, measured, strict=True):
                found[at] = features
                if cache:
                    cache.put(works[at], features)
                tell(len(found), len(works))
    return [found[at] for at in range(len(works))]


def _kept(works: Sequence[WritingWork], cache: FeatureCache | None) -> dict[int, Features]:
    entries = enumerate(cache.get(work) for work in works) if cache else ()
    return {at: features for at, features in entries if features is not None}


def _load() -> None:
    global _models
    # harper writes to stdout at times, which is for the caller's results.
    os.dup2(sys.stderr.fileno(), 1)
    _models = load_models()


def _measure(work: WritingWork) -> Features:
    assert _models is not None
    # Details may be a view of a mapping, which can't be sent to another process.
    return tuple(
        replace(item, quotes=(), details=dict(item.details))
        for item in measure(work, _models, _ignore)
    )


def _ignore(share: float, message: str) -> None:
    del share, message
