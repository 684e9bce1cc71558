"""From recordings with marks to a calibration file of speaking."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from grading.domain.agreement import count_pairs, measure_agreement
from grading.domain.mark_scale import MarkScale
from grading.rubric.calibration_file import OVERALL
from grading.rubric.load import load_rubric
from workers.calibration.assembly import document
from workers.calibration.fitting import FEWEST_ANSWERS
from workers.calibration.marks import MarksError, MarkSheet
from workers.calibration.measuring import Tell
from workers.calibration.moments import match_moments
from workers.calibration.speech_fitting import (
    HeardRecording,
    Scores,
    by_speaker,
    fit_speech,
    put_together,
    scores_of,
)
from workers.calibration.speech_marks import read_speech_marks
from workers.calibration.speech_measuring import RecordingCache, measure_recordings
from workers.speaking.embedded import RUBRIC_VERSION
from workers.speaking.measure import FEATURE_VERSION

#: The parts of the agreement that a file tells of, in the order of a report.
COMPARED = ("uncalibrated", "cross_validated_by_speaker")


def calibrate_speech(
    marks: Path, name: str, scale: MarkScale | None, cache: Path | None, tell: Tell
) -> dict[str, Any]:
    """Fit a calibration to recordings; gives the content of a calibration file.

    Raises:
        MarksError: the file is wrong, or holds too few marks.
    """
    read = read_speech_marks(marks, scale)
    rubric = load_rubric(RUBRIC_VERSION)
    works = [item.work for item in read.recordings]
    measured = measure_recordings(works, RecordingCache(cache) if cache else None, tell)
    heard = put_together(rubric, read, measured)
    targets = fit_speech(rubric, read.sheet, heard)
    others = by_speaker(rubric, read.sheet, heard)
    if not targets or others is None:
        raise MarksError(f"{marks} holds too few marks: {FEWEST_ANSWERS} recordings are the least")
    alone = [scores_of(rubric, item, None) for item in heard]
    facts = {
        "answers": len(heard),
        "speakers": len({item.answer.speaker for item in heard}),
        "agreement": {
            COMPARED[0]: _agreement(read.sheet, heard, alone, is_scaled=False),
            COMPARED[1]: _agreement(read.sheet, heard, others, is_scaled=True),
        },
    }
    return document(
        name,
        rubric.version,
        read.sheet.scale,
        targets,
        dict.fromkeys(targets, facts),
        FEATURE_VERSION,
    )


def _agreement(
    sheet: MarkSheet, heard: Sequence[HeardRecording], scores: Sequence[Scores], *, is_scaled: bool
) -> Mapping[str, Any]:
    """By target, how far ``scores`` agree with the marks."""
    found: dict[str, Any] = {}
    for target in dict.fromkeys(sheet.columns.values()):
        name = OVERALL if target is None else target.value
        pairs = [
            (mark, float(given[name]))
            for item, given in zip(heard, scores, strict=True)
            if name in given and (mark := sheet.mark(item.answer, target)) is not None
        ]
        if pairs:
            human, machine = [mark for mark, _ in pairs], [score for _, score in pairs]
            placed = (
                [sheet.scale.from_ten(score) for score in machine]
                if is_scaled
                else match_moments(machine, human)
            )
            agreement = asdict(measure_agreement(count_pairs(human, placed), sheet.scale))
            found[name] = {
                key: round(value, 4) if isinstance(value, float) else value
                for key, value in agreement.items()
            }
    return found
