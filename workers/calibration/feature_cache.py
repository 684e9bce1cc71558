"""Measured features, kept in a folder so that the same answers are measured once."""

import json
from pathlib import Path

from grading.domain.work import WritingWork
from grading.rubric.observation import Observation
from workers.calibration.answer_hash import answer_hash
from workers.writing.measure import FEATURE_VERSION

Features = tuple[Observation, ...]


class FeatureCache:
    """Observations by the hash of an answer and its task, under one feature version.

    No part of an answer is kept but the words that the observations' details name; the
    quotes are left out.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / f"features-{FEATURE_VERSION}"
        self._folder.mkdir(parents=True, exist_ok=True)

    def get(self, work: WritingWork) -> Features | None:
        """What was measured of ``work``; None where it was not yet, or can't be read."""
        try:
            entries = json.loads(self._file(work).read_text(encoding="utf-8"))
            return tuple(
                Observation(kind, float(value), details=details) for kind, value, details in entries
            )
        except (OSError, ValueError, TypeError):
            return None

    def put(self, work: WritingWork, features: Features) -> None:
        """Keep what was measured of ``work``."""
        entries = [(item.kind, item.value, dict(item.details)) for item in features]
        file = self._file(work)
        # Whole or not at all, whenever the process ends.
        half = file.with_suffix(".half")
        half.write_text(json.dumps(entries, ensure_ascii=False), encoding="utf-8")
        half.replace(file)

    def _file(self, work: WritingWork) -> Path:
        return self._folder / f"{answer_hash(work)}.json"
