"""Who does what listening takes the processor for; here it is this process."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from grading.domain.transcript import Transcript
from grading.domain.work import SpeakingWork
from grading.rubric.observation import Observation
from workers.speaking.decoding import DecodingLimits, decode
from workers.speaking.listening import NothingHeard, Opened, listen_closely, open_recording
from workers.speaking.measure import measure
from workers.speaking.models import SpeakingModels
from workers.speaking.progress import DECODED, LISTENED, TRANSCRIBED, Step, heard_of
from workers.speaking.sound import Sound
from workers.turn import TURN, turn_of


class Listener(Protocol):
    """Listens to recordings, step by step. ``step`` hears how far it is, and may raise.

    Raises, from every method:
        TransientFault: it was interrupted, through no fault of the recording.
    """

    @property
    def recogniser(self) -> tuple[str, ...]:
        """What ``transcribe`` works with, as ``name version``."""

    def open(self, recording: Path, step: Step) -> Opened | NothingHeard:
        """Decode and judge ``recording``.

        Raises:
            AudioRefused: it can't be used, and trying again would not help.
        """

    def transcribe(self, recording: Path, opened: Opened, step: Step) -> Transcript:
        """The words of ``recording``, in the language that is spoken."""

    def measure(
        self, work: SpeakingWork, opened: Opened, transcript: Transcript, step: Step
    ) -> tuple[Observation, ...]:
        """Observe all that can be measured in ``work``."""


class ListeningHere:
    """Listens in this process, to one recording at a time."""

    def __init__(
        self,
        models: SpeakingModels,
        limits: DecodingLimits | None = None,
        *,
        is_sent: bool = False,
    ) -> None:
        """``is_sent`` tells whether recordings are sent to a provider."""
        self._models = models
        self._limits = limits
        self._is_sent = is_sent
        self._lock = threading.Lock()

    @property
    def recogniser(self) -> tuple[str, ...]:
        """What ``transcribe`` works with."""
        return self._models.transcriber.tools

    def open(self, recording: Path, step: Step) -> Opened | NothingHeard:
        """Decode and judge ``recording``."""
        begin = telling(step, 0.0, "Decoding the recording")
        begin()
        with turn_of(self._lock, begin):
            voice = self._models.voice
            return open_recording(recording, voice, self._limits, is_sent=self._is_sent)

    def transcribe(self, recording: Path, opened: Opened, step: Step) -> Transcript:
        """The words of ``recording``."""
        with turn_of(self._lock, telling(step, DECODED, "Transcribing")):
            sound = self._sound(recording, opened)
            return self._models.transcriber.transcribe(sound, opened.voice, heard_of(step))

    def measure(
        self, work: SpeakingWork, opened: Opened, transcript: Transcript, step: Step
    ) -> tuple[Observation, ...]:
        """Observe all that can be measured in ``work``."""
        with turn_of(self._lock, telling(step, TRANSCRIBED, "Listening to the sounds")):
            sound = self._sound(work.recording, opened)
            heard = listen_closely(opened, sound, transcript, self._models, step)
        step(LISTENED, "Measuring the answer")
        # With the tools that measure written answers.
        with TURN:
            return measure(work, heard, self._models)

    def _sound(self, recording: Path, opened: Opened) -> Sound:
        return opened.sound or decode(recording, self._limits)


def telling(step: Step, share: float, message: str) -> Callable[[], None]:
    """Tell ``step`` the same each time it is called: what is to come."""
    return lambda: step(share, message)
