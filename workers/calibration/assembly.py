"""Puts fitted targets into a calibration."""

import json
from collections.abc import Mapping
from typing import Any

from grading.domain.mark_scale import MarkScale
from grading.domain.work import WritingTask
from grading.rubric.calibration import Calibration
from grading.rubric.calibration_file import FORMAT, content_version, read_calibration
from workers.writing.measure import FEATURE_VERSION

#: The targets of each task, as ``fit_task`` gives them.
Targets = Mapping[WritingTask, Mapping[str, Any]]


def document(
    name: str,
    rubric_version: str,
    scale: MarkScale,
    targets: Targets,
    facts: Mapping[WritingTask, Mapping[str, Any]] | None = None,
    feature_version: str = FEATURE_VERSION,
) -> dict[str, Any]:
    """The content of a calibration file; ``facts`` are told of each task and change no score."""
    content: dict[str, Any] = {
        "format": FORMAT,
        "name": name,
        "feature_version": feature_version,
        "rubric_version": rubric_version,
        "scale": {"lowest": scale.lowest, "highest": scale.highest, "step": scale.step},
        "tasks": {
            str(int(task)): {**(facts or {}).get(task, {}), "targets": dict(fitted)}
            for task, fitted in targets.items()
        },
    }
    return {"version": content_version(content), **content}


def assemble(name: str, rubric_version: str, scale: MarkScale, targets: Targets) -> Calibration:
    """The calibration that a file of this content holds."""
    text = json.dumps(document(name, rubric_version, scale, targets))
    return read_calibration(text, name)
