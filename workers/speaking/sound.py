"""Decoded sound."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

#: Samples a second of all decoded sound; what the recogniser and the aligner take.
RATE = 16_000
#: What a sample of full scale is.
_FULL_SCALE = 32_768.0

Samples = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A recording as one channel of 16 bit samples, RATE a second."""

    samples: Samples

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.samples) / RATE

    def floats(self) -> Floats:
        """The samples as -1 to 1."""
        return self.samples.astype(np.float32) / np.float32(_FULL_SCALE)

    def part(self, start: float, end: float) -> "Sound":
        """What is heard from ``start`` to ``end``, in seconds."""
        return Sound(self.samples[max(0, round(start * RATE)) : max(0, round(end * RATE))])
