"""Stress, rhythm and intonation: what the voice does beside the single sounds."""

from collections.abc import Sequence
from itertools import pairwise
from math import log
from statistics import fmean

import numpy as np

from grading.rubric.observation import Observation
from workers.speaking.alignment import AlignedWord, SpokenPhone
from workers.speaking.pitch import Pitch
from workers.speaking.pronouncing import VOWELS
from workers.speaking.spoken_forms import spoken_forms
from workers.writing.stop_words import STOP_WORDS

#: Voiced frames (16 ms) that a range of pitch needs: two seconds of voice.
_FEWEST_FRAMES = 120
#: Share of the frames at either end that are left out: trackers jump an octave at times.
_ENDS = (10, 90)
_FEWEST_VOWELS = 8
#: Vowels further apart than this are parted by a pause, and make no rhythm together.
_APART = 0.4


def observe_prosody(aligned: Sequence[AlignedWord], pitch: Pitch) -> list[Observation]:
    """Range of pitch, rhythm, and how far words of meaning stand out; what there is enough of."""
    observations: list[Observation] = []
    if len(pitch.semitones) >= _FEWEST_FRAMES:
        low, high = np.percentile(pitch.semitones, _ENDS)
        observations.append(Observation("pitch_range", float(high - low)))
    vowels = [phone for word in aligned for phone in word.phones if phone.name in VOWELS]
    if len(vowels) >= _FEWEST_VOWELS:
        observations.append(Observation("rhythm", _pairwise_variability(vowels)))
    strong, weak = _by_meaning(aligned)
    if len(strong) >= _FEWEST_VOWELS // 2 and len(weak) >= _FEWEST_VOWELS // 2:
        lengths = fmean(map(_length, strong)) - fmean(map(_length, weak))
        observations.append(Observation("stress_contrast", lengths))
    return observations


def _pairwise_variability(vowels: Sequence[SpokenPhone]) -> float:
    """nPVI of vowels (Grabe and Low 2002): English alternates long and short ones."""
    pairs = [
        (earlier.end - earlier.start, later.end - later.start)
        for earlier, later in pairwise(vowels)
        if later.start - earlier.end < _APART
    ]
    if not pairs:
        return 0.0
    return 100 * fmean(abs(a - b) / ((a + b) / 2) for a, b in pairs)


def _by_meaning(
    aligned: Sequence[AlignedWord],
) -> tuple[list[SpokenPhone], list[SpokenPhone]]:
    """Vowels of words that carry meaning, and of those that carry grammar."""
    strong: list[SpokenPhone] = []
    weak: list[SpokenPhone] = []
    for word in aligned:
        vowels = [phone for phone in word.phones if phone.name in VOWELS]
        is_weak = STOP_WORDS.issuperset(spoken_forms(word.word))
        (weak if is_weak else strong).extend(vowels)
    return strong, weak


def _length(phone: SpokenPhone) -> float:
    return log(max(0.01, phone.end - phone.start))
