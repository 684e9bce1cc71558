"""Fits calibrations of spoken answers, and tells what they are worth for other speakers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from grading.domain.criterion import SOUND_CRITERIA, Criterion
from grading.domain.score import LOWEST, round_score
from grading.domain.work import SpeakingPart
from grading.rubric.calibration import OWN_SCORE, Calibration, sources_of
from grading.rubric.calibration_file import OVERALL
from grading.rubric.points import FEATURES_ALONE, criterion_shares, score_jointly
from grading.rubric.rubric import Rubric
from workers.calibration.assembly import assemble
from workers.calibration.fitting import fit_task
from workers.calibration.marks import MarkSheet
from workers.calibration.speech_marks import MarkedRecording, SpeechMarks
from workers.calibration.speech_measuring import MeasuredRecording
from workers.speaking.measure import FEATURE_VERSION

FOLDS = 10
_SEED = 20240771

#: By target, as in a calibration file: the scores on 0 to 10.
Scores = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class HeardRecording:
    """A marked recording and all that a target may read of it."""

    answer: MarkedRecording
    measured: MeasuredRecording
    #: The rubric's own scores, not rounded.
    own: Mapping[Criterion, Decimal]
    #: What is observed and is not only flagged.
    values: Mapping[str, float]

    @property
    def sources(self) -> Mapping[str, float]:
        """By the names of what a target's curves may read."""
        return sources_of(self.values, self.own)


def put_together(
    rubric: Rubric, marks: SpeechMarks, measured: Sequence[MeasuredRecording | None]
) -> list[HeardRecording]:
    """The recordings that could be graded, with the rubric's own scores of them."""
    flagged = {rule.when.kind for rule in rubric.flags}
    heard: list[HeardRecording] = []
    for answer, found in zip(marks.recordings, measured, strict=True):
        if found is not None:
            seen = {item.kind: item for item in found.observations if item.kind not in flagged}
            own = score_jointly(rubric, answer.work.part, seen, FEATURES_ALONE).together
            values = {kind: item.value for kind, item in seen.items()}
            heard.append(HeardRecording(answer, found, own, values))
    return heard


def fit_speech(
    rubric: Rubric, sheet: MarkSheet, heard: Sequence[HeardRecording]
) -> Mapping[SpeakingPart, Mapping[str, Any]]:
    """The targets of every part, fitted to the recordings of all of them together.

    How a voice sounds depends little on the part, and marks of recordings are few. Empty
    where there are too few marks.
    """
    sound = _sound_sources(rubric)
    allowed: dict[Criterion | None, frozenset[str]] = dict.fromkeys(SOUND_CRITERIA, sound)
    marked = {criterion for criterion in sheet.columns.values() if criterion is not None}
    if marked <= SOUND_CRITERIA:
        # Marks that look at the sound alone teach nothing of words.
        allowed[None] = sound
    targets = fit_task(rubric, sheet, SpeakingPart.TOPIC_DEVELOPMENT, heard, allowed)
    return dict.fromkeys(SpeakingPart, targets) if targets else {}


def _sound_sources(rubric: Rubric) -> frozenset[str]:
    kinds = {rule.kind for rule in rubric.rules if rule.criterion in SOUND_CRITERIA}
    return frozenset(kinds | {f"{OWN_SCORE}{criterion.value}" for criterion in SOUND_CRITERIA})


def scores_of(rubric: Rubric, item: HeardRecording, calibration: Calibration | None) -> Scores:
    """The product's scores of a recording, before caps and proportions.

    Those hold for answers to the exam's tasks; a sentence that is read aloud is no such
    answer, and would be capped for its length.
    """
    scores = item.own
    if calibration is not None:
        scores = calibration.calibrate(rubric, item.answer.work.part, item.values, item.own)
    shares = criterion_shares([rule for rule in rubric.criteria if rule.criterion in scores])
    rounded = {criterion: round_score(score) for criterion, score in scores.items()}
    overall = sum((rounded[name] * share for name, share in shares.items()), LOWEST)
    return {OVERALL: overall, **{name.value: score for name, score in rounded.items()}}


def by_speaker(
    rubric: Rubric, sheet: MarkSheet, heard: Sequence[HeardRecording]
) -> list[Scores] | None:
    """Scores of each recording by what was fitted to those of other speakers.

    None where there are too few marks to fit anything.
    """
    scores: list[Scores] = [{} for _ in heard]
    for held_out in _folds([item.answer.speaker for item in heard]):
        out = frozenset(held_out)
        targets = fit_speech(rubric, sheet, [x for at, x in enumerate(heard) if at not in out])
        if not targets:
            return None
        fitted = assemble("fold", rubric.version, sheet.scale, targets, FEATURE_VERSION)
        for at in held_out:
            scores[at] = scores_of(rubric, heard[at], fitted)
    return scores


def _folds(speakers: Sequence[str]) -> Iterator[list[int]]:
    """Places of the recordings in each part; one speaker's are all in one."""
    names = sorted(set(speakers))
    order = np.random.default_rng(_SEED).permutation(len(names))
    for part in np.array_split(order, min(FOLDS, len(names))):
        chosen = {names[at] for at in part}
        yield [at for at, speaker in enumerate(speakers) if speaker in chosen]
