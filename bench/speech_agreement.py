"""How far the embedded speaking grader agrees with people's marks of recordings.

What ``python -m bench.agreement --speech DIR`` does. DIR is a folder like those of
speechocean762: ``scores.jsonl`` with a file, the text that was read and marks of 0 to 10 on
each line. Scores are the product's, before caps and proportions: a sentence that is read
aloud is no answer to a task. Without a calibration each recording is scored by what was
fitted to other speakers' marks.
"""

import json
import re
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grading.domain.criterion import Criterion
from grading.rubric.calibration import Calibration
from grading.rubric.calibration_file import OVERALL, load_calibration
from grading.rubric.load import load_rubric
from grading.rubric.rubric import Rubric
from workers.calibration.marks import MarksError
from workers.calibration.speech_fitting import (
    HeardRecording,
    Scores,
    by_speaker,
    put_together,
    scores_of,
)
from workers.calibration.speech_marks import SpeechMarks, read_speech_marks
from workers.calibration.speech_measuring import (
    MeasuredRecording,
    RecordingCache,
    measure_recordings,
)
from workers.speaking.embedded import RUBRIC_VERSION
from workers.speaking.measure import FEATURE_VERSION

#: The value of ``sample`` that records of a fair draw have.
_NATURAL = "natural"
#: Experts score prosody by itself; it is a part of pronunciation here.
_PROSODIC = {"prosodic": Criterion.PRONUNCIATION}
_LETTERS = re.compile(r"[a-z0-9']+")


@dataclass(frozen=True, slots=True)
class Pair:
    """A mark and the score that answers it."""

    mark: float
    score: float
    is_natural: bool


def evaluate(folder: Path, calibration_file: Path | None, cache: Path | None) -> dict[str, Any]:
    """What ``--json`` prints.

    Raises:
        MarksError: the folder is wrong, or holds too few marks.
        CalibrationError: the calibration can't be used.
    """
    rubric = load_rubric(RUBRIC_VERSION)
    marks = read_speech_marks(folder)
    calibration = _calibration(calibration_file)
    works = [item.work for item in marks.recordings]
    measured = measure_recordings(works, RecordingCache(cache) if cache else None, _tell)
    prosodic = read_speech_marks(folder, columns=_PROSODIC)
    heard = put_together(rubric, marks, measured)
    scores = _scores(rubric, marks, heard, calibration)
    prosodic_heard = put_together(rubric, prosodic, measured)
    prosodic_scores = _scores(rubric, prosodic, prosodic_heard, calibration)
    return {
        "accuracy": _measure(heard, "accuracy", scores, Criterion.PRONUNCIATION.value),
        "fluency": _measure(heard, "fluency", scores, Criterion.FLUENCY.value),
        "prosodic": _measure(
            prosodic_heard, "prosodic", prosodic_scores, Criterion.PRONUNCIATION.value
        ),
        "total": _measure(heard, "total", scores, OVERALL),
        "wer": _word_error_rate(heard),
        "rtf": _real_time_factor(measured),
    }


def table(found: Mapping[str, Any]) -> str:
    """The measures for people to read."""
    lines = [f"{'':12}{'n':>6}{'pearson':>10}{'natural':>10}"]
    for name, entry in found.items():
        if isinstance(entry, dict):
            lines.append(
                f"{name:12}{entry['n']:>6}{_number(entry['pearson'])}"
                f"{_number(entry['pearson_natural'])}"
            )
    lines.append(f"word error rate {found['wer']:.3f}, real-time factor {found['rtf']:.3f}")
    return "\n".join(lines)


def main(folder: Path, calibration: Path | None, cache: Path | None, *, as_json: bool) -> None:
    """Evaluate, print.

    Raises:
        MarksError: the folder is wrong, or holds too few marks.
        CalibrationError: the calibration can't be used.
    """
    found = evaluate(folder, calibration, cache)
    print(table(found), file=sys.stderr if as_json else sys.stdout)
    if as_json:
        print(json.dumps(found), flush=True)


def _calibration(file: Path | None) -> Calibration | None:
    if file is None:
        return None
    return load_calibration(file, feature_version=FEATURE_VERSION, rubric_version=RUBRIC_VERSION)


def _scores(
    rubric: Rubric,
    marks: SpeechMarks,
    heard: Sequence[HeardRecording],
    calibration: Calibration | None,
) -> Sequence[Scores]:
    if calibration is not None:
        return [scores_of(rubric, item, calibration) for item in heard]
    scores = by_speaker(rubric, marks.sheet, heard)
    if scores is None:
        raise MarksError("there are too few recordings to cross-validate a calibration")
    return scores


def _measure(
    heard: Sequence[HeardRecording], column: str, scores: Sequence[Scores], target: str
) -> dict[str, Any]:
    pairs = [
        Pair(
            item.answer.marks[column],
            float(given[target]),
            item.answer.facts.get("sample") == _NATURAL,
        )
        for item, given in zip(heard, scores, strict=True)
        if target in given
    ]
    return {
        "n": len(pairs),
        "pearson": _pearson(pairs),
        "pearson_natural": _pearson([pair for pair in pairs if pair.is_natural]),
    }


def _pearson(pairs: Sequence[Pair]) -> float | None:
    """None where there are too few, or one side does not vary."""
    try:
        found = statistics.correlation(
            [pair.mark for pair in pairs], [pair.score for pair in pairs]
        )
    except statistics.StatisticsError:
        return None
    return round(found, 4)


def _word_error_rate(heard: Sequence[HeardRecording]) -> float | None:
    """Words to change, add or leave out, as a share of those that were to be read."""
    errors = words = 0
    for item in heard:
        wanted = _LETTERS.findall(str(item.answer.facts.get("text", "")).lower())
        got = _LETTERS.findall(item.measured.text.lower())
        errors += _distance(wanted, got)
        words += len(wanted)
    return round(errors / words, 4) if words else None


def _distance(wanted: Sequence[str], got: Sequence[str]) -> int:
    """Levenshtein's distance between two lists of words."""
    row = list(range(len(got) + 1))
    for at, word in enumerate(wanted, start=1):
        left = row[0]
        row[0] = at
        for place, other in enumerate(got, start=1):
            above = row[place]
            row[place] = min(above + 1, row[place - 1] + 1, left + (word != other))
            left = above
    return row[-1]


def _real_time_factor(measured: Sequence[MeasuredRecording | None]) -> float:
    """Seconds of transcribing for a second of sound."""
    found = [item for item in measured if item is not None]
    seconds = sum(item.seconds for item in found)
    return round(sum(item.transcribing_seconds for item in found) / seconds, 4) if found else 0.0


def _number(value: float | None) -> str:
    return f"{value:>10.3f}" if value is not None else f"{'':>10}"


def _tell(done: int, total: int) -> None:
    if done % 20 == 0 or done == total:
        print(f"measured {done} of {total}", file=sys.stderr, flush=True)
