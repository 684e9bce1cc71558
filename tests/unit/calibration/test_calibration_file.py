"""Calibration files: a round trip, and what is refused."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from grading.domain.criterion import Criterion
from grading.domain.mark_scale import MarkScale
from grading.domain.work import WritingTask
from grading.rubric.calibration_file import (
    CalibrationError,
    content_version,
    load_calibration,
    read_calibration,
)
from workers.calibration.assembly import document
from workers.calibration.calibrate import write_calibration
from workers.writing.measure import FEATURE_VERSION

TARGETS = {
    "overall": {"start": 5.5, "curves": {"grammar_errors": [[0, 1.0], [5, -1.5]]}},
    "grammar": {"start": 4.0, "curves": {"rubric.grammar": [[2, -1.0], [8, 1.0]]}},
}


@pytest.fixture
def content() -> dict[str, Any]:
    return document("spring", "writing-1.0", MarkScale(1, 5, 0.5), {WritingTask.ESSAY: TARGETS})


def _signed(content: dict[str, Any]) -> str:
    return json.dumps({**content, "version": content_version(content)})


def test_a_file_is_read_as_it_was_written(tmp_path: Path, content: dict[str, Any]) -> None:
    file = tmp_path / "spring.json"
    write_calibration(content, file)
    found = load_calibration(file, feature_version=FEATURE_VERSION, rubric_version="writing-1.0")
    assert found.identity == f"spring {content['version']}"
    assert found.scale == MarkScale(1, 5, 0.5)
    part = found.tasks[WritingTask.ESSAY]
    assert part.overall is not None
    assert part.overall.score({"grammar_errors": 5.0}) == Decimal("4.00")
    assert part.overall.score({}) == Decimal("5.5")
    assert part.criteria[Criterion.GRAMMAR].score({"rubric.grammar": 9.0}) == Decimal("5.00")
    assert WritingTask.LETTER not in found.tasks


@pytest.mark.parametrize(
    ("versions", "told"),
    [
        ({"feature_version": "0.1"}, "feature version"),
        ({"rubric_version": "writing-0.1"}, "rubric version"),
    ],
)
def test_other_versions_are_refused(
    tmp_path: Path, content: dict[str, Any], versions: dict[str, str], told: str
) -> None:
    file = tmp_path / "spring.json"
    write_calibration(content, file)
    here = {"feature_version": FEATURE_VERSION, "rubric_version": "writing-1.0", **versions}
    with pytest.raises(CalibrationError, match=f"spring.json was fitted for {told}"):
        load_calibration(file, **here)


def test_a_file_changed_by_hand_is_refused(content: dict[str, Any]) -> None:
    content["tasks"]["2"]["targets"]["overall"]["start"] = 9.5
    with pytest.raises(CalibrationError, match="changed by hand"):
        read_calibration(json.dumps(content), "spring.json")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": 2}, "format must be 1"),
        ({"name": " "}, "name must be a text"),
        ({"scale": {"lowest": 1, "highest": 5}}, "scale.step must hold numbers"),
        ({"scale": {"lowest": 5, "highest": 1, "step": 1}}, "scale: "),
        ({"tasks": {"4": {}}}, "tasks: '4' is no task"),
        ({"tasks": {"2": {"targets": {"style": {}}}}}, "tasks.2.targets must be among"),
        ({"tasks": {"2": {"targets": {"overall": {"start": "x"}}}}}, "curves must be a mapping"),
    ],
)
def test_what_is_wrong_is_named(content: dict[str, Any], change: dict[str, Any], told: str) -> None:
    with pytest.raises(CalibrationError) as refused:
        read_calibration(_signed({**content, **change}), "spring.json")
    assert str(refused.value).startswith("spring.json: ")
    assert told in str(refused.value)


@pytest.mark.parametrize(
    "knots", [[], [[1]], [[2, 0], [1, 0]], [[1, "x"]], [[1, float("inf")]], "x", [[True, 1]]]
)
def test_a_curve_that_is_none(content: dict[str, Any], knots: Any) -> None:
    content["tasks"]["2"]["targets"]["overall"]["curves"]["grammar_errors"] = knots
    with pytest.raises(CalibrationError, match=r"tasks\.2\.targets\.overall\.curves\.grammar"):
        read_calibration(_signed(content), "spring.json")


def test_no_json_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="is no JSON"):
        read_calibration("{", "spring.json")
    with pytest.raises(CalibrationError, match="can't read"):
        load_calibration(tmp_path / "none.json", feature_version="1", rubric_version="1")
