"""Measures many recordings, one after the other, and keeps what was measured."""

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grading.domain.transcript import Transcript
from grading.domain.work import SpeakingWork
from grading.exceptions import AudioRefused
from grading.rubric.observation import Observation
from workers.calibration.measuring import Tell
from workers.speaking.listening import NothingHeard, listen
from workers.speaking.measure import FEATURE_VERSION, measure
from workers.speaking.models import SpeakingModels
from workers.speaking.sound import Sound
from workers.speaking.transcriber import Heard, Transcriber
from workers.speaking.voice import Voice
from workers.speaking.whisper import EmbeddedTranscriber

#: Cores that one transcription may use: there is one process.
_THREADS = 2
_TIMES = ("seconds", "transcribing_seconds", "listening_seconds")


@dataclass(frozen=True, slots=True)
class MeasuredRecording:
    """What was observed of one recording, without moments."""

    observations: tuple[Observation, ...]
    #: The words that were recognised.
    text: str
    #: Length of the recording; how long transcribing it took, and listening to it in all:
    #: decoding, transcribing and aligning. In seconds.
    seconds: float
    transcribing_seconds: float
    listening_seconds: float


class RecordingCache:
    """Measured recordings by the hash of their bytes and their task, under one feature version.

    It holds the words that were recognised.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / f"features-{FEATURE_VERSION}"
        self._folder.mkdir(parents=True, exist_ok=True)

    def get(self, work: SpeakingWork) -> MeasuredRecording | None:
        """What was measured of ``work``; None where it was not yet, or can't be read."""
        try:
            kept = json.loads(self._file(work).read_text(encoding="utf-8"))
            observations = tuple(
                Observation(kind, float(value), details=details)
                for kind, value, details in kept["observations"]
            )
            return MeasuredRecording(
                observations,
                kept["text"],
                *(float(kept[name]) for name in _TIMES),
            )
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def put(self, work: SpeakingWork, measured: MeasuredRecording) -> None:
        """Keep what was measured of ``work``."""
        content = {
            "observations": [
                (item.kind, item.value, dict(item.details)) for item in measured.observations
            ],
            "text": measured.text,
            **{name: getattr(measured, name) for name in _TIMES},
        }
        file = self._file(work)
        # Whole or not at all, whenever the process ends.
        half = file.with_suffix(".half")
        half.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        half.replace(file)

    def _file(self, work: SpeakingWork) -> Path:
        digest = hashlib.sha256(work.recording.read_bytes())
        asked = [int(work.part), work.prompt.text, *work.prompt.requirements]
        digest.update(json.dumps(asked).encode())
        return self._folder / f"{digest.hexdigest()}.json"


def measure_recordings(
    works: Sequence[SpeakingWork], cache: RecordingCache | None, tell: Tell
) -> list[MeasuredRecording | None]:
    """What is observed of each of ``works``; None for one that can't be graded."""
    models: SpeakingModels | None = None
    found: list[MeasuredRecording | None] = []
    for work in works:
        measured = cache.get(work) if cache else None
        if measured is None:
            models = models or SpeakingModels.load(
                transcriber=_Timed(EmbeddedTranscriber(_THREADS))
            )
            measured = _measure(work, models)
            if measured is not None and cache:
                cache.put(work, measured)
        found.append(measured)
        tell(len(found), len(works))
    return found


class _Timed:
    """A transcriber that remembers how long the last recording took it."""

    def __init__(self, inner: Transcriber) -> None:
        self._inner = inner
        self.tools = inner.tools
        self.seconds = 0.0

    def transcribe(self, sound: Sound, voice: Voice, heard: Heard) -> Transcript:
        """As the transcriber within does."""
        started = time.perf_counter()
        transcript = self._inner.transcribe(sound, voice, heard)
        self.seconds = time.perf_counter() - started
        return transcript


def _measure(work: SpeakingWork, models: SpeakingModels) -> MeasuredRecording | None:
    started = time.perf_counter()
    try:
        heard = listen(work.recording, models, _ignore)
    except AudioRefused:
        return None
    took = time.perf_counter() - started
    if isinstance(heard, NothingHeard):
        return None
    observations = tuple(
        Observation(item.kind, item.value, details=dict(item.details))
        for item in measure(work, heard, models)
    )
    transcribing = models.transcriber.seconds if isinstance(models.transcriber, _Timed) else took
    return MeasuredRecording(
        observations, heard.transcript.text, heard.quality.seconds, transcribing, took
    )


def _ignore(share: float, message: str) -> None:
    del share, message
