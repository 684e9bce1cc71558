"""From a file of marks to a calibration file: what ``vstep-grading calibrate`` does."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from grading.domain.mark_scale import MarkScale
from grading.domain.work import WritingTask
from grading.rubric.load import load_rubric
from grading.rubric.rubric import Rubric
from workers.calibration.assembly import document
from workers.calibration.calibrate_speech import calibrate_speech
from workers.calibration.feature_cache import FeatureCache
from workers.calibration.fitting import FEWEST_ANSWERS, Measured, fit_task, with_sources
from workers.calibration.marks import MarksError, MarkSheet, read_marks
from workers.calibration.measuring import Tell, measure_answers
from workers.calibration.speech_marks import is_speech
from workers.calibration.validation import Agreements, cross_validated, uncalibrated
from workers.writing.embedded import RUBRIC_VERSION

#: The parts of the agreement that a file tells of, in the order of a report.
COMPARED = ("uncalibrated", "cross_validated", "cross_validated_by_prompt")


def calibrate(
    marks: Path, name: str, scale: MarkScale | None, cache: Path | None, tell: Tell
) -> dict[str, Any]:
    """Fit a calibration to the file ``marks``; gives the content of a calibration file.

    Marks of recordings make one of speaking.

    Raises:
        MarksError: the file is wrong, or holds too few marks.
    """
    if is_speech(marks):
        return calibrate_speech(marks, name, scale, cache, tell)
    sheet = read_marks(marks, scale)
    rubric = load_rubric(RUBRIC_VERSION)
    works = [answer.work for answer in sheet.answers]
    features = measure_answers(works, FeatureCache(cache) if cache else None, tell)
    measured = with_sources(rubric, sheet.answers, features)
    targets: dict[WritingTask, dict[str, Any]] = {}
    facts: dict[WritingTask, dict[str, Any]] = {}
    for task in WritingTask:
        part = [item for item in measured if item.answer.work.task is task]
        fitted = fit_task(rubric, sheet, task, part)
        if fitted:
            targets[task], facts[task] = fitted, _facts(rubric, sheet, task, part)
    if not targets:
        raise MarksError(
            f"{marks} holds too few marks: {FEWEST_ANSWERS} answers to one task are the least"
        )
    return document(name, rubric.version, sheet.scale, targets, facts)


def write_calibration(content: Mapping[str, Any], out: Path) -> None:
    """Write a calibration file.

    Raises:
        OSError: it can't be written.
    """
    out.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _facts(
    rubric: Rubric, sheet: MarkSheet, task: WritingTask, measured: Sequence[Measured]
) -> dict[str, Any]:
    compared = (
        uncalibrated(rubric, sheet, task, measured),
        cross_validated(rubric, sheet, task, measured, by_prompt=False),
        cross_validated(rubric, sheet, task, measured, by_prompt=True),
    )
    return {
        "answers": len(measured),
        "prompts": len({item.answer.work.prompt.text for item in measured}),
        "agreement": {
            what: {target: _rounded(found) for target, found in agreements.items()}
            for what, agreements in zip(COMPARED, map(_by_target, compared), strict=True)
        },
    }


def _by_target(agreements: Agreements) -> Mapping[str, Mapping[str, float | int | None]]:
    return {target: asdict(agreement) for target, agreement in agreements.items()}


def _rounded(values: Mapping[str, float | int | None]) -> dict[str, float | int | None]:
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in values.items()
    }
