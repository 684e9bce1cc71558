"""What the grader asks of a recogniser, whichever it is."""

from typing import Protocol

from grading.domain.transcript import Transcript
from workers.speaking.sound import Sound
from workers.speaking.voice import Voice


class Heard(Protocol):
    """Hears how far a transcription is."""

    def __call__(self, done: float, total: float) -> None:
        """So many seconds of so many are transcribed; never less than before."""


class Transcriber(Protocol):
    """Turns speech into words with times."""

    #: As ``name version``, for the provenance.
    tools: tuple[str, ...]

    def transcribe(self, sound: Sound, voice: Voice, heard: Heard) -> Transcript:
        """The words of ``sound``, in the language that is spoken.

        Raises:
            TransientFault: a fault that another run may mend.
        """
