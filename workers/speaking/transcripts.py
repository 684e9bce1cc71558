"""Where the transcript of a job's recording comes from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from grading.domain.transcript import Transcript
from grading.domain.usage import ModelUse
from workers.grader import Run
from workers.speaking.listener import Listener
from workers.speaking.listening import Opened
from workers.speaking.progress import Step


@dataclass(frozen=True, slots=True)
class Transcription:
    """A transcript, and what made it."""

    transcript: Transcript
    #: As ``name version``, for the provenance.
    tools: tuple[str, ...] = ()
    #: The provider's models.
    uses: tuple[ModelUse, ...] = ()
    #: The version of how a provider is asked and read; empty where none was.
    version: str = ""
    #: Why the embedded recogniser took a provider's place, as the code of a fault; empty otherwise.
    fallback: str = ""


class Transcripts(Protocol):
    """Has recordings transcribed."""

    @property
    def tools(self) -> tuple[str, ...]:
        """What transcribes as a rule, as ``name version``."""

    def transcribe(self, recording: Path, opened: Opened, run: Run, step: Step) -> Transcription:
        """The words of ``recording``, in the language that is spoken; ``step`` hears how far it is.

        Raises:
            LeaseLost, WorkerStopping: as ``run.report`` does.
            TransientFault: another run may go well.
            PermanentFault: none will.
            Postponed: the job has to wait.
        """


class EmbeddedTranscripts:
    """Transcripts of the embedded recogniser."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    @property
    def tools(self) -> tuple[str, ...]:
        """The recogniser's."""
        return self._listener.recogniser

    def transcribe(self, recording: Path, opened: Opened, run: Run, step: Step) -> Transcription:
        """The words of ``recording``."""
        del run
        transcript = self._listener.transcribe(recording, opened, step)
        return Transcription(transcript, self._listener.recogniser)
