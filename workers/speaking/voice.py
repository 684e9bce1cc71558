"""Where in a recording somebody speaks."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from workers.speaking.sound import RATE, Floats, Sound

#: Samples that the detector judges together: 32 ms.
_WINDOW = 512
#: Windows judged in one call, so that ten minutes take no more memory than one, and how many
#: before them are heard first: the detector remembers.
_PIECE, _LEAD = 1_875, 32
#: Probability from which a window is speech, and under which speech ends (Silero's own).
_SPEECH, _SILENCE = 0.5, 0.35
#: Gaps in speech shorter than this are part of it: closures of stops, breaths between words.
_SHORTEST_GAP = 0.1
#: What is shorter than this is a click or a knock.
_SHORTEST_SPEECH = 0.1


class Interval(NamedTuple):
    """A stretch of a recording, in seconds."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Voice:
    """The stretches in which somebody speaks."""

    intervals: tuple[Interval, ...]

    @property
    def seconds(self) -> float:
        """How long is spoken in all."""
        return sum(interval.seconds for interval in self.intervals)

    def share(self, start: float, end: float) -> float:
        """How much of the stretch is speech, 0 to 1."""
        if end <= start:
            return 0.0
        inside = sum(
            max(0.0, min(end, item.end) - max(start, item.start)) for item in self.intervals
        )
        return min(1.0, inside / (end - start))


class VoiceDetector:
    """Silero VAD, which faster-whisper brings, run by ONNX Runtime."""

    def __init__(self) -> None:
        from faster_whisper.vad import get_vad_model

        self._model: Any = get_vad_model()

    def listen(self, sound: Sound) -> Voice:
        """Tell where somebody speaks in ``sound``."""
        samples = sound.floats()
        padded = np.pad(samples, (0, -len(samples) % _WINDOW or _WINDOW))
        windows = len(padded) // _WINDOW
        parts = [
            self._judge(padded, first, min(first + _PIECE, windows))
            for first in range(0, windows, _PIECE)
        ]
        return Voice(_intervals(np.concatenate(parts), sound.seconds))

    def _judge(self, padded: Floats, first: int, end: int) -> npt.NDArray[np.float64]:
        """Probabilities of the windows from ``first`` to before ``end``."""
        lead = min(first, _LEAD)
        part = padded[(first - lead) * _WINDOW : end * _WINDOW]
        found = np.asarray(self._model(part), dtype=np.float64).reshape(-1)
        return found[lead:]


def _intervals(probabilities: npt.NDArray[np.float64], seconds: float) -> tuple[Interval, ...]:
    window = _WINDOW / RATE
    found: list[Interval] = []
    start: float | None = None
    for at, probability in enumerate([*probabilities.tolist(), 0.0]):
        if start is None and probability >= _SPEECH:
            start = at * window
        elif start is not None and probability < _SILENCE:
            found.append(Interval(start, min(at * window, seconds)))
            start = None
    joined: list[Interval] = []
    for interval in found:
        if joined and interval.start - joined[-1].end < _SHORTEST_GAP:
            joined[-1] = Interval(joined[-1].start, interval.end)
        else:
            joined.append(interval)
    return tuple(interval for interval in joined if interval.seconds >= _SHORTEST_SPEECH)
