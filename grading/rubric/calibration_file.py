"""Calibration files: JSON, versioned by a hash of their content, checked when read."""

import hashlib
import json
import math
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from grading.domain.criterion import Criterion
from grading.domain.mark_scale import MarkScale
from grading.domain.work import SpeakingPart, WritingTask
from grading.rubric.calibration import Calibration, Target, TaskCalibration
from grading.rubric.curve import Curve

#: Changes when older readers would misread a file.
FORMAT = 1
#: The target of the unit as a whole, beside the criteria's names.
OVERALL = "overall"

_VERSION_LENGTH = 12


class CalibrationError(ValueError):
    """A calibration can't be used; the message says why, in one line."""


def content_version(document: Mapping[str, Any]) -> str:
    """The version that a file with this content has; its own ``version`` is left out."""
    content = {key: value for key, value in document.items() if key != "version"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:_VERSION_LENGTH]


def load_calibration(file: Path, *, feature_version: str, rubric_version: str) -> Calibration:
    """The calibration in ``file``, which must be made for these versions.

    Raises:
        CalibrationError: it can't be read, is wrong, or was fitted for other versions.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise CalibrationError(f"can't read {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CalibrationError(f"{file} is not UTF-8 text") from None
    calibration = read_calibration(text, file.name)
    for what, fitted, here in (
        ("feature", calibration.feature_version, feature_version),
        ("rubric", calibration.rubric_version, rubric_version),
    ):
        if fitted != here:
            raise CalibrationError(
                f"{file.name} was fitted for {what} version {fitted}, and this is {here}:"
                " calibrate again"
            )
    return calibration


def read_calibration(text: str, file: str) -> Calibration:
    """Build a calibration from the text of a file.

    Raises:
        CalibrationError: names the file, the place in it and what is wrong.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise CalibrationError(f"{file} is no JSON") from None
    try:
        return _calibration(document)
    except _Wrong as wrong:
        raise CalibrationError(f"{file}: {wrong}") from None


class _Wrong(Exception):
    """A value breaks a rule; the message names its place."""


def _calibration(document: Any) -> Calibration:
    top = _mapping(document, "the file")
    if top.get("format") != FORMAT:
        raise _Wrong(f"format must be {FORMAT}")
    version = _text(top, "version")
    if version != content_version(top):
        raise _Wrong("version is not that of the content: the file was changed by hand")
    scale = _mapping(top.get("scale"), "scale")
    try:
        marks = MarkScale(*(_number(scale.get(k), f"scale.{k}") for k in MarkScale.__slots__))
    except ValueError as error:
        raise _Wrong(f"scale: {error}") from None
    tasks = _mapping(top.get("tasks"), "tasks")
    return Calibration(
        name=_text(top, "name"),
        version=version,
        feature_version=_text(top, "feature_version"),
        rubric_version=_text(top, "rubric_version"),
        scale=marks,
        tasks={_task(key): _part(value, f"tasks.{key}") for key, value in tasks.items()},
    )


def _task(key: str) -> int:
    if key not in {str(int(unit)) for unit in (*WritingTask, *SpeakingPart)}:
        raise _Wrong(f"tasks: {key!r} is no task of the exam")
    return int(key)


def _part(value: Any, place: str) -> TaskCalibration:
    targets = _mapping(_mapping(value, place).get("targets"), f"{place}.targets")
    known = [OVERALL, *(criterion.value for criterion in Criterion)]
    if not targets or not set(targets) <= set(known):
        raise _Wrong(f"{place}.targets must be among {', '.join(known)}")
    fitted = {key: _target(item, f"{place}.targets.{key}") for key, item in targets.items()}
    return TaskCalibration(
        criteria={Criterion(key): item for key, item in fitted.items() if key != OVERALL},
        overall=fitted.get(OVERALL),
    )


def _target(value: Any, place: str) -> Target:
    entry = _mapping(value, place)
    curves = _mapping(entry.get("curves"), f"{place}.curves")
    return Target(
        start=Decimal(repr(_number(entry.get("start"), f"{place}.start"))),
        curves={name: _curve(knots, f"{place}.curves.{name}") for name, knots in curves.items()},
    )


def _curve(value: Any, place: str) -> Curve:
    if not isinstance(value, list) or not value:
        raise _Wrong(f"{place} must be a list of [value, points]")
    if any(not isinstance(knot, list) or len(knot) != 2 for knot in value):
        raise _Wrong(f"{place} must be a list of [value, points]")
    knots = tuple((_number(left, place), _number(right, place)) for left, right in value)
    values = [left for left, _ in knots]
    if sorted(set(values)) != values:
        raise _Wrong(f"{place}: the values must rise from entry to entry")
    return Curve(knots)


def _mapping(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(f"{place} must be a mapping")
    return value


def _text(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(f"{key} must be a text")
    return value


def _number(value: Any, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _Wrong(f"{place} must hold numbers")
    return float(value)
