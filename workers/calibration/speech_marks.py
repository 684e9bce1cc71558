"""Recordings with examiners' marks, read strictly: a CSV file, or a folder of a corpus."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grading.domain.criterion import Criterion
from grading.domain.mark_scale import MarkScale
from grading.domain.work import Prompt, SpeakingPart, SpeakingWork
from workers.calibration.marks import MarksError, MarkSheet
from workers.calibration.speech_columns import OWN, SPEECHOCEAN

RECORDING, PART, SPEAKER = "recording", "part", "speaker"
PROMPT, REQUIREMENTS = "prompt", "requirements"
#: The list of a corpus' recordings, one JSON object a line.
CORPUS_LIST = "scores.jsonl"
#: What a corpus of read sentences is an answer to: of the parts, the one without turns.
_CORPUS_PART = SpeakingPart.TOPIC_DEVELOPMENT


@dataclass(frozen=True, slots=True)
class MarkedRecording:
    """One recording with what examiners gave it."""

    #: 1 for the first of the file.
    row: int
    work: SpeakingWork
    #: By column, on the scale of the sheet; a cell may be empty.
    marks: Mapping[str, float]
    #: Recordings of one speaker are never on both sides of a cross-validation.
    speaker: str
    #: Other values that the corpus gives of the recording; empty for a CSV file.
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SpeechMarks:
    """All the recordings of one file or folder that have a mark."""

    recordings: tuple[MarkedRecording, ...]
    #: Its columns and scale; it holds no answers of its own.
    sheet: MarkSheet


def is_speech(marks: Path) -> bool:
    """Tell whether ``marks`` speaks of recordings: a folder, or a CSV file with their column."""
    if marks.is_dir():
        return True
    try:
        with marks.open(encoding="utf-8-sig", newline="") as lines:
            return RECORDING in next(csv.reader(lines), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        # What is wrong with it, its own reader tells.
        return False


def read_speech_marks(
    marks: Path,
    scale: MarkScale | None = None,
    columns: Mapping[str, Criterion | None] | None = None,
) -> SpeechMarks:
    """Read ``marks``; ``columns`` names other columns of a corpus than its usual ones.

    Raises:
        MarksError: names the file, the row and the column, and what is wrong.
    """
    try:
        if marks.is_dir():
            return _corpus(marks, scale, columns or SPEECHOCEAN.criteria)
        return _table(marks, scale)
    except OSError as error:
        raise MarksError(f"can't read {error.filename}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise MarksError(f"{marks} is not UTF-8 text (byte {error.start})") from None
    except csv.Error as error:
        raise MarksError(f"{marks} is no sound CSV file: {error}") from None


def _corpus(
    folder: Path, scale: MarkScale | None, columns: Mapping[str, Criterion | None]
) -> SpeechMarks:
    used = scale or SPEECHOCEAN.scale
    found: list[MarkedRecording] = []
    lines = (folder / CORPUS_LIST).read_text(encoding="utf-8").splitlines()
    for row, line in enumerate(lines, start=1):
        place = f"{folder / CORPUS_LIST}, line {row}"
        try:
            facts = json.loads(line)
            work = SpeakingWork(_CORPUS_PART, folder / facts["file"], Prompt(""))
            marks = {name: _mark(str(facts[name]), used, f"{place}, {name}") for name in columns}
            found.append(MarkedRecording(row, work, marks, str(facts["speaker"]), facts))
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise MarksError(f"{place}: {type(error).__name__}: {error}") from None
    return _checked(found, columns, used, folder)


def _table(file: Path, scale: MarkScale | None) -> SpeechMarks:
    used = scale or OWN.scale
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines, strict=True)
        names = rows.fieldnames or ()
        columns = {name: OWN.criteria[name] for name in OWN.criteria if name in names}
        if not columns:
            raise MarksError(f"{file}: no column holds marks; any of: {', '.join(OWN.criteria)}")
        return _checked(list(_recordings(file, rows, columns, used)), columns, used, file)


def _recordings(
    file: Path,
    rows: "csv.DictReader[str]",
    columns: Mapping[str, Criterion | None],
    scale: MarkScale,
) -> Iterator[MarkedRecording]:
    for number, row in enumerate(rows, start=1):
        place = f"{file}, row {number}"
        if None in row or None in row.values():
            raise MarksError(f"{place}: it has not as many cells as the first line")
        recording = file.parent / row[RECORDING]
        if not row[RECORDING] or not recording.is_file():
            raise MarksError(f"{place}, column {RECORDING}: there is no such file")
        marks = {
            name: _mark(cell, scale, f"{place}, column {name}")
            for name in columns
            if (cell := row[name].strip())
        }
        if marks:
            requirements = (line.strip() for line in row.get(REQUIREMENTS, "").splitlines())
            prompt = Prompt(row.get(PROMPT, "").strip(), tuple(filter(None, requirements)))
            work = SpeakingWork(_part(row.get(PART, ""), place), recording, prompt)
            # Without names each recording counts as another speaker's.
            speaker = row.get(SPEAKER, "").strip() or f"row {number}"
            yield MarkedRecording(number, work, marks, speaker, {})


def _part(cell: str, place: str) -> SpeakingPart:
    try:
        return SpeakingPart(int(cell))
    except ValueError:
        raise MarksError(f"{place}, column {PART}: must be 1, 2 or 3") from None


def _mark(cell: str, scale: MarkScale, place: str) -> float:
    try:
        mark = float(cell)
    except ValueError:
        mark = float("nan")
    if not scale.lowest <= mark <= scale.highest or not scale.holds(mark):
        raise MarksError(f"{place}: {cell[:20]!r} is no mark on the scale {scale}")
    return mark


def _checked(
    found: list[MarkedRecording],
    columns: Mapping[str, Criterion | None],
    scale: MarkScale,
    source: Path,
) -> SpeechMarks:
    if not found:
        raise MarksError(f"{source} holds no recording with a mark")
    return SpeechMarks(tuple(found), MarkSheet((), columns, scale))
