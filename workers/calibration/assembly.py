"""Puts fitted targets into a calibration."""

import json
from collections.abc import Mapping
from typing import Any

from grading.domain.mark_scale import MarkScale
from grading.domain.work import SpeakingPart, Unit, WritingTask
from grading.rubric.calibration import Calibration
from grading.rubric.calibration_file import FORMAT, content_version, read_calibration
from workers.writing.measure import FEATURE_VERSION

#: The targets of each task, as ``fit_task`` gives them.
Targets = (
    Mapping[WritingTask, Mapping[str, Any]]
    | Mapping[SpeakingPart, Mapping[str, Any]]
    | Mapping[Unit, Mapping[str, Any]]
)


def document(
    name: str,
    rubric_version: str,
    scale: MarkScale,
    targets: Targets,
    facts: Targets | None = None,
    feature_version: str = FEATURE_VERSION,
) -> dict[str, Any]:
    """The content of a calibration file; ``facts`` are told of each task and change no score."""
    told = {int(task): part for task, part in (facts or {}).items()}
    content: dict[str, Any] = {
        "format": FORMAT,
        "name": name,
        "feature_version": feature_version,
        "rubric_version": rubric_version,
        "scale": {"lowest": scale.lowest, "highest": scale.highest, "step": scale.step},
        "tasks": {
            str(int(task)): {**told.get(int(task), {}), "targets": dict(fitted)}
            for task, fitted in targets.items()
        },
    }
    return {"version": content_version(content), **content}


def assemble(
    name: str,
    rubric_version: str,
    scale: MarkScale,
    targets: Targets,
    feature_version: str = FEATURE_VERSION,
) -> Calibration:
    """The calibration that a file of this content holds."""
    content = document(name, rubric_version, scale, targets, feature_version=feature_version)
    text = json.dumps(content)
    return read_calibration(text, name)
