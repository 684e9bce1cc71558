"""``vstep-grading calibrate``, with answers that need no measuring."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from client.cli import main
from grading.domain.work import WritingWork
from grading.rubric.calibration_file import load_calibration
from tests.unit.calibration.conftest import SCALE, observe, plain_values, strict_on_errors
from workers.calibration import calibrate
from workers.calibration.feature_cache import Features
from workers.writing.embedded import RUBRIC_VERSION
from workers.writing.measure import FEATURE_VERSION

SECRET = "wombats"


@pytest.fixture
def marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sixty marked answers; what is measured of them is drawn by their number."""

    def measured(works: Sequence[WritingWork], cache: object, tell: object) -> list[Features]:
        return [observe(plain_values(Random(work.text))) for work in works]

    monkeypatch.setattr(calibrate, "measure_answers", measured)
    path = tmp_path / "spring.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["full_text", "prompt", "overall", "grammar"])
        for number in range(60):
            text = f"Answer {number} on {SECRET}."
            given = strict_on_errors(plain_values(Random(text)), Random(number))
            rounded = [SCALE.nearest(mark) for mark in given.values()]
            rows.writerow([text, f"{SECRET} {number % 6}", *rounded])
    return path


def test_a_file_is_written_and_its_worth_is_told(
    marks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "spring.json"
    assert main(["calibrate", str(marks), "--out", str(out)]) == 0
    found = load_calibration(out, feature_version=FEATURE_VERSION, rubric_version=RUBRIC_VERSION)
    told = capsys.readouterr()
    assert found.identity in told.err
    assert found.name == "spring"
    for line in ("60 answers to 6 prompts", "rubric alone", "answers not seen", "prompts not seen"):
        assert line in told.out
    assert SECRET not in out.read_text()


def test_json_is_the_file(marks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.json"
    assert main(["calibrate", str(marks), "--out", str(out), "--name", "mine", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(out.read_text())
    assert printed["name"] == "mine"
    agreement = printed["tasks"]["2"]["agreement"]
    assert set(agreement) == {"uncalibrated", "cross_validated", "cross_validated_by_prompt"}
    assert set(agreement["cross_validated"]) == {"overall", "grammar"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("full_text,overall\nOne.,11\n", "row 1, column overall: '11' is no mark"),
        ("full_text,overall\nOne.,5\n", "too few marks: 40 answers"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(
    marks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    marks.write_text(text)
    out = tmp_path / "out.json"
    assert main(["calibrate", str(marks), "--out", str(out)]) == 1
    message = capsys.readouterr().err
    assert told in message
    assert message.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--out", "/nowhere/out.json"], "'--out'"),
        (["--out", "out.json", "--scale", "1:5"], "'--scale'"),
        ([], "'--out'"),
    ],
)
def test_wrong_usage_names_the_option(
    marks: Path, arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", str(marks), *arguments]) == 2
    assert named in capsys.readouterr().err
