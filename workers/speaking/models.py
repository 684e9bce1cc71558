"""All that listening and measuring need, loaded once a process."""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Self

from workers.speaking.alignment import Aligner, PhoneAligner
from workers.speaking.pitch import PitchTracker
from workers.speaking.transcriber import Transcriber
from workers.speaking.voice import VoiceDetector
from workers.speaking.whisper import EmbeddedTranscriber
from workers.writing.models import Models, load_models, tool_versions

#: The distributions whose data or code moves a score, beside the transcriber's own and the
#: language tools; named in the provenance.
_TOOLS = ("av", "pocketsphinx", "swift-f0")


def listening_tools() -> tuple[str, ...]:
    """What listens beside a recogniser, by names and versions; loads none of it."""
    return tuple(f"{name} {version(name)}" for name in _TOOLS)


@dataclass(frozen=True, slots=True)
class SpeakingModels:
    """Every tool that the grading of speech uses."""

    voice: VoiceDetector
    transcriber: Transcriber
    aligner: Aligner
    pitch: PitchTracker
    #: What measures words; the writing grader's, too.
    language: Models

    @property
    def tools(self) -> tuple[str, ...]:
        """All of them, as ``name version``."""
        return (*listening_tools(), *self.transcriber.tools, *tool_versions())

    @classmethod
    def load(
        cls,
        language: Models | None = None,
        transcriber: Transcriber | None = None,
        aligner: Aligner | None = None,
        threads: int = 1,
    ) -> Self:
        """Load all tools but those that are given; takes seconds and some hundred megabytes.

        ``threads`` are the cores that one transcription may use.
        """
        words = language or load_models()
        return cls(
            voice=VoiceDetector(),
            transcriber=transcriber or EmbeddedTranscriber(threads),
            aligner=aligner or PhoneAligner(),
            pitch=PitchTracker(),
            language=words,
        )
