"""A listener that loads no model: for tests of what happens around listening."""

from collections.abc import Callable
from pathlib import Path

from grading.domain.audio import AudioQuality
from grading.domain.transcript import SpokenWord, Transcript
from grading.domain.work import SpeakingWork
from grading.rubric.observation import Observation
from workers.providers.transcription import Speech
from workers.speaking.encoding import TRANSCRIPTION_VERSION
from workers.speaking.listening import NothingHeard, Opened
from workers.speaking.progress import DECODED, TRANSCRIBED, Step
from workers.speaking.voice import Interval, Voice

#: The length of every recording.
SECONDS = 60.0
#: What it takes for the words of every recording.
EMBEDDED = Transcript((SpokenWord("Embedded.", 1.0, 1.5, 0.9),), "en", 0.9, "light 1")


def _at_once() -> None:
    pass


class LightListener:
    """Takes all of every recording for speech; a Listener."""

    recogniser = ("light 1",)

    def __init__(
        self, opened: Callable[[], None] = _at_once, measured: Callable[[], None] = _at_once
    ) -> None:
        """``opened`` and ``measured`` are called before the listener is done with either."""
        self._opened = opened
        self._measured = measured

    def open(self, recording: Path, step: Step) -> Opened | NothingHeard:
        """All of it is speech."""
        step(0.0, "Opening lightly")
        self._opened()
        content = recording.read_bytes()
        voice = Voice((Interval(0.0, SECONDS),))
        quality = AudioQuality(SECONDS, SECONDS, -20.0, -3.0, 0.0)
        speech = Speech(TRANSCRIPTION_VERSION, content.hex(), b"fLaC" + content, SECONDS)
        return Opened(voice, quality, None, speech)

    def transcribe(self, recording: Path, opened: Opened, step: Step) -> Transcript:
        """The same words as always."""
        del recording, opened
        step(DECODED, "Transcribing lightly")
        return EMBEDDED

    def measure(
        self, work: SpeakingWork, opened: Opened, transcript: Transcript, step: Step
    ) -> tuple[Observation, ...]:
        """What takes no tools."""
        del work, opened
        step(TRANSCRIBED, "Measuring lightly")
        self._measured()
        return (
            Observation("word_count", float(len(transcript.words))),
            Observation("english_word_count", float(len(transcript.words))),
            Observation("speech_rate", 150.0),
        )
