"""``python -m bench.agreement``, with answers that need no measuring."""

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import pytest

from bench import agreement
from grading.domain.work import WritingTask, WritingWork
from grading.rubric.rubric import Rubric
from tests.unit.calibration.conftest import Drawn, observe, plain_values
from workers.calibration.assembly import document
from workers.calibration.calibrate import write_calibration
from workers.calibration.columns import ELLIPSE
from workers.calibration.feature_cache import Features
from workers.calibration.fitting import fit_task

MEASURES = {"n", "qwk", "pearson", "spearman", "smd", "exact", "adjacent"}

Run = Callable[..., None]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command on fifty essays with traits, marked by their errors."""

    def measured(works: Sequence[WritingWork], cache: object, tell: object) -> list[Features]:
        return [observe(plain_values(Random(work.text))) for work in works]

    essays = tmp_path / "essays.csv"
    with essays.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["full_text", "prompt", *ELLIPSE.criteria])
        for number in range(50):
            errors = plain_values(Random(f"Essay {number}."))["grammar_errors"]
            mark = ELLIPSE.scale.nearest(4.5 - 0.3 * errors)
            rows.writerow([f"Essay {number}.", "Prompt", *[mark] * len(ELLIPSE.criteria)])
    monkeypatch.setattr(agreement, "measure_answers", measured)

    def command(*arguments: str) -> None:
        monkeypatch.setattr("sys.argv", ["agreement", "--essays", str(essays), *arguments])
        agreement.main()

    return command


def test_json_is_alone_on_stdout(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("--json")
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert set(found["overall"]) == MEASURES
    assert set(found["traits"]) == {name for name in ELLIPSE.criteria if name != "Overall"}
    assert all(set(trait) == MEASURES for trait in found["traits"].values())
    assert found["overall"]["n"] == 50
    assert found["overall"]["smd"] == pytest.approx(0)
    low, high = found["intervals"]["overall"]["qwk"]
    assert low <= found["overall"]["qwk"] <= high
    assert "ETS asks" in told.err


def test_the_table_is_for_people(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("--limit", "20")
    told = capsys.readouterr().out
    assert "Conventions" in told
    assert "    20" in told
    assert "Calibration: none" in told


def test_a_calibration_is_named_and_brings_its_own_map(
    run: Run, tmp_path: Path, rubric: Rubric, drawn: Drawn, capsys: pytest.CaptureFixture[str]
) -> None:
    _, measured = drawn
    sheet, file = drawn[0], tmp_path / "spring.json"
    targets = fit_task(rubric, sheet, WritingTask.ESSAY, measured)
    content = document("spring", rubric.version, ELLIPSE.scale, {WritingTask.ESSAY: targets})
    write_calibration(content, file)
    run("--json", "--calibration", str(file))
    found = json.loads(capsys.readouterr().out)
    assert found["calibration"] == f"spring {content['version']}"
    # Marks and scores follow the same errors, along lines that are not the same.
    assert found["overall"]["spearman"] > 0.9
    assert found["overall"]["smd"] != 0


def test_a_calibration_on_another_scale_is_refused(
    run: Run, tmp_path: Path, rubric: Rubric, drawn: Drawn, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet, _ = drawn
    file = tmp_path / "spring.json"
    write_calibration(document("spring", rubric.version, sheet.scale, {}), file)
    with pytest.raises(SystemExit):
        run("--calibration", str(file))
    assert "was fitted to marks from 0 to 10" in capsys.readouterr().err


def test_a_picture(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "agreement.png"
    run("--plot", str(picture))
    assert picture.read_bytes().startswith(b"\x89PNG")
