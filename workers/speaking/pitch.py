"""The voice's pitch over time."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workers.speaking.sound import RATE, Sound

#: Voices of children and adults, in Hz.
_LOWEST, _HIGHEST = 65.0, 500.0
#: From this confidence on a frame is voiced (the tracker's own bound).
_VOICED = 0.5
#: Seconds tracked at once, so that ten minutes take no more memory than one.
_PIECE = 20

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Pitch:
    """Frames with a pitch: their times in seconds, pitch in semitones over 1 Hz, level in dB."""

    times: Floats
    semitones: Floats
    levels: Floats


class PitchTracker:
    """SwiftF0 (Nieradzik 2025), a small network that is run by ONNX Runtime."""

    def __init__(self) -> None:
        from swift_f0 import SwiftF0

        self._tracker: Any = SwiftF0(threads=1, spin=False)

    def track(self, sound: Sound) -> Pitch:
        """The pitch of the voice in ``sound``."""
        samples = sound.floats()
        parts: list[tuple[Floats, Floats, Floats]] = []
        for first in range(0, len(samples), _PIECE * RATE):
            piece = samples[first : first + _PIECE * RATE]
            if len(piece) < RATE // 10:
                continue
            found = self._tracker.detect(piece, RATE, fmin=_LOWEST, fmax=_HIGHEST)
            voiced = found.confidence >= _VOICED
            parts.append(
                (
                    found.timestamps[voiced] + first / RATE,
                    12 * np.log2(found.pitch_hz[voiced]),
                    found.loudness_db[voiced],
                )
            )
        if not parts:
            nothing = np.zeros(0)
            return Pitch(nothing, nothing, nothing)
        times, semitones, levels = (np.concatenate(part) for part in zip(*parts, strict=True))
        return Pitch(times, semitones, levels)
