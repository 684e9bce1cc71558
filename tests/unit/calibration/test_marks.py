"""Files of marks: what is read, and the row and column of what is wrong."""

import gzip
from pathlib import Path

import pytest

from grading.domain.criterion import Criterion
from grading.domain.mark_scale import MarkScale
from grading.domain.work import WritingTask
from workers.calibration.marks import MarksError, read_marks
from workers.calibration.scale_option import read_scale


def _file(folder: Path, text: str) -> Path:
    path = folder / "marks.csv"
    path.write_text(text, encoding="utf-8")
    return path


def _refused(folder: Path, text: str) -> str:
    with pytest.raises(MarksError) as refused:
        read_marks(_file(folder, text))
    message = str(refused.value)
    assert len(message.splitlines()) == 1
    return message


def test_own_names_are_on_the_services_scale(tmp_path: Path) -> None:
    text = (
        'prompt,full_text,task,requirements,overall,grammar\nCities,"One,\ntwo.",1,"a\nb",6.5,\n'
        ",Three.,,,,8\nCities,Four.,2,,,\n"
    )
    sheet = read_marks(_file(tmp_path, text))
    assert sheet.scale == MarkScale(0, 10, 0.5)
    first, second = sheet.answers
    assert (first.row, second.row) == (1, 2)
    assert first.work.task is WritingTask.LETTER
    assert first.work.text == "One,\ntwo."
    assert first.work.prompt.requirements == ("a", "b")
    assert second.work.task is WritingTask.ESSAY
    assert sheet.mark(first, None) == 6.5
    assert sheet.mark(first, Criterion.GRAMMAR) is None
    assert sheet.mark(second, Criterion.GRAMMAR) == 8


def test_traits_that_speak_of_one_criterion_are_averaged(tmp_path: Path) -> None:
    text = "full_text,task,Syntax,Grammar,Cohesion\nOne.,Independent,2,3.5,4\nTwo.,,2,,4\n"
    sheet = read_marks(_file(tmp_path, text))
    assert sheet.scale == MarkScale(1, 5, 0.5)
    assert sheet.mark(sheet.answers[0], Criterion.GRAMMAR) == 2.75
    assert sheet.mark(sheet.answers[0], Criterion.ORGANIZATION) == 4
    assert sheet.mark(sheet.answers[0], Criterion.TASK_FULFILLMENT) is None
    # Half of the columns would be a mark of something else.
    assert sheet.mark(sheet.answers[1], Criterion.GRAMMAR) is None


def test_a_gzipped_file_and_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("full_text,Overall\nOne.,3\nTwo.,4\n")
    assert len(read_marks(path, limit=1).answers) == 1


def test_another_scale(tmp_path: Path) -> None:
    path = _file(tmp_path, "full_text,overall\nOne.,75\n")
    assert read_marks(path, read_scale("0:100:1")).scale.to_ten(75) == 7.5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("overall\n5\n", "the column full_text is missing"),
        ("full_text,score\nOne.,5\n", "no column holds marks"),
        ("full_text,overall,Cohesion\nOne.,5,3\n", "overall and Cohesion don't mix"),
        ("full_text,overall,overall\nOne.,5,5\n", "overall is given twice"),
        ("full_text,overall\nOne.,5\nTwo.,high\n", "row 2, column overall: 'high' is no mark"),
        ("full_text,overall\nOne.,5.2\n", "row 1, column overall: '5.2' is no mark"),
        ("full_text,overall\nOne.,nan\n", "row 1, column overall: 'nan' is no mark"),
        ("full_text,Overall\nOne.,7\n", "no mark on the scale 1 to 5 in steps of 0.5"),
        ("full_text,overall\n  ,5\n", "row 1, column full_text: there is no answer"),
        ("full_text,task,overall\nOne.,3,5\n", "row 1, column task: must be 1"),
        ("full_text,overall\nOne.\n", "row 1: it has not as many cells"),
        ("full_text,overall\nOne.,5,6\n", "row 1: it has not as many cells"),
        ("full_text,overall\nOne.,\n", "holds no answer with a mark"),
        ('full_text,overall\n"One.,5\n', "no sound CSV file"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, told: str) -> None:
    assert told in _refused(tmp_path, text)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(MarksError, match="can't read"):
        read_marks(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"full_text,overall\n\xff,5\n")
    with pytest.raises(MarksError, match="not UTF-8"):
        read_marks(tmp_path / "bytes.csv")
    (tmp_path / "plain.gz").write_bytes(b"full_text,overall\n")
    with pytest.raises(MarksError, match="can't read"):
        read_marks(tmp_path / "plain.gz")


@pytest.mark.parametrize("text", ["1:5", "1:5:x", "5:1:1", "0:10:3"])
def test_a_scale_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"scale|steps|LOWEST"):
        read_scale(text)
