"""Files of answers with examiners' marks, read strictly."""

import csv
import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from grading.domain.criterion import Criterion
from grading.domain.mark_scale import MarkScale
from grading.domain.work import Prompt, WritingTask, WritingWork
from workers.calibration.columns import FAMILIES, MarkColumns

TEXT, PROMPT, REQUIREMENTS, TASK = "full_text", "prompt", "requirements", "task"
#: What the column of the task may hold; empty is an essay. ELLIPSE has "Independent".
_TASKS = {
    "": WritingTask.ESSAY,
    "1": WritingTask.LETTER,
    "2": WritingTask.ESSAY,
    "independent": WritingTask.ESSAY,
}


class MarksError(ValueError):
    """A file of marks is wrong; the message names the row and the column."""


class Marked(Protocol):
    """Whatever examiners gave marks to."""

    @property
    def marks(self) -> Mapping[str, float]:
        """By column, on the scale of the sheet."""


@dataclass(frozen=True, slots=True)
class MarkedAnswer:
    """One answer with what examiners gave it."""

    #: 1 for the first row under the names of the columns.
    row: int
    work: WritingWork
    #: By column, on the scale of the sheet; a cell may be empty.
    marks: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class MarkSheet:
    """All the answers of one file that have a mark."""

    answers: tuple[MarkedAnswer, ...]
    #: The criterion of each column with marks; None for the unit.
    columns: Mapping[str, Criterion | None]
    scale: MarkScale

    def mark(self, answer: Marked, target: Criterion | None) -> float | None:
        """What examiners gave for ``target``: the mean of its columns.

        None unless all of them are filled: part of them would be a mark of something else.
        """
        names = [name for name, criterion in self.columns.items() if criterion is target]
        if not names or any(name not in answer.marks for name in names):
            return None
        return sum(answer.marks[name] for name in names) / len(names)


def read_marks(file: Path, scale: MarkScale | None = None, limit: int | None = None) -> MarkSheet:
    """Read a CSV file, plain or gzipped, with marks on ``scale`` (by default the columns' own).

    ``limit`` reads that many rows alone.

    Raises:
        MarksError: names the file, the row and the column, and what is wrong.
    """
    try:
        with _open(file) as lines:
            rows = csv.DictReader(lines, strict=True)
            family, columns = _columns(file, rows.fieldnames or ())
            scale = scale or family.scale
            answers = tuple(_answers(file, rows, columns, scale, limit))
    except OSError as error:
        raise MarksError(f"can't read {file}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise MarksError(f"{file} is not UTF-8 text (byte {error.start})") from None
    except (csv.Error, EOFError) as error:
        raise MarksError(f"{file} is no sound CSV file: {error}") from None
    if not answers:
        raise MarksError(f"{file} holds no answer with a mark")
    return MarkSheet(answers, columns, scale)


def _open(file: Path) -> IO[str]:
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding="utf-8-sig", newline="")
    return file.open(encoding="utf-8-sig", newline="")


def _columns(
    file: Path, names: Sequence[str]
) -> tuple[MarkColumns, Mapping[str, Criterion | None]]:
    if TEXT not in names:
        raise MarksError(f"{file}: the column {TEXT} is missing")
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise MarksError(f"{file}: the column {twice} is given twice")
    found = [(item, [name for name in item.criteria if name in names]) for item in FAMILIES]
    found = [(item, given) for item, given in found if given]
    if not found:
        known = "; or ".join(", ".join(item.criteria) for item in FAMILIES)
        raise MarksError(f"{file}: no column holds marks; any of: {known}")
    if len(found) > 1:
        raise MarksError(f"{file}: the columns {found[0][1][0]} and {found[1][1][0]} don't mix")
    [(family, given)] = found
    return family, {name: family.criteria[name] for name in given}


def _answers(
    file: Path,
    rows: "csv.DictReader[str]",
    columns: Mapping[str, Criterion | None],
    scale: MarkScale,
    limit: int | None,
) -> Iterator[MarkedAnswer]:
    for number, row in enumerate(rows, start=1):
        if limit is not None and number > limit:
            return
        if None in row or None in row.values():
            raise MarksError(f"{file}, row {number}: it has not as many cells as the first line")
        text = row[TEXT]
        if not text.strip():
            raise MarksError(f"{file}, row {number}, column {TEXT}: there is no answer")
        task = _TASKS.get(row.get(TASK, "").strip().lower())
        if task is None:
            raise MarksError(
                f"{file}, row {number}, column {TASK}: must be 1 (letter) or 2 (essay)"
            )
        requirements = (line.strip() for line in row.get(REQUIREMENTS, "").splitlines())
        prompt = Prompt(row.get(PROMPT, "").strip(), tuple(filter(None, requirements)))
        marks = {
            name: _mark(cell, scale, f"{file}, row {number}, column {name}")
            for name in columns
            if (cell := row[name].strip())
        }
        if marks:
            yield MarkedAnswer(number, WritingWork(task, text, prompt), marks)


def _mark(cell: str, scale: MarkScale, place: str) -> float:
    try:
        mark = float(cell)
    except ValueError:
        mark = float("nan")
    if not scale.lowest <= mark <= scale.highest or not scale.holds(mark):
        shown = cell if len(cell) <= 20 else f"{cell[:20]}…"
        raise MarksError(f"{place}: {shown!r} is no mark on the scale {scale}")
    return mark
