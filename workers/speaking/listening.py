"""What is heard in a recording: its sound, its quality, its words and their phones."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grading.domain.audio import AudioQuality, NotAssessableReason
from grading.domain.transcript import Transcript
from workers.speaking.alignment import AlignedWord
from workers.speaking.decoding import decode
from workers.speaking.models import SpeakingModels
from workers.speaking.pitch import Pitch
from workers.speaking.quality import judge_quality, why_not_assessable
from workers.speaking.sound import Sound
from workers.speaking.voice import Voice
from workers.speaking.whisper import ENGLISH

#: Hears the share done, 0 to 1, and what comes next.
Step = Callable[[float, str], None]

#: The shares of the work that transcribing and aligning end at.
_DECODED, _TRANSCRIBED, _ALIGNED = 0.05, 0.75, 0.95


@dataclass(frozen=True, slots=True)
class Transcribed:
    """A recording whose words are known, and nothing yet of how they sound."""

    sound: Sound
    voice: Voice
    quality: AudioQuality
    transcript: Transcript


@dataclass(frozen=True, slots=True)
class Heard:
    """Everything that the measuring reads of a recording."""

    quality: AudioQuality
    voice: Voice
    transcript: Transcript
    #: Empty where the words are not English: the phones are those of English.
    aligned: tuple[AlignedWord, ...]
    pitch: Pitch


@dataclass(frozen=True, slots=True)
class NothingHeard:
    """A recording in which there is nothing to grade."""

    quality: AudioQuality
    reason: NotAssessableReason


def listen(recording: Path, models: SpeakingModels, step: Step) -> Heard | NothingHeard:
    """Decode, judge, transcribe and align ``recording``.

    Raises:
        AudioRefused: the recording can't be used, and trying again would not help.
        TransientFault: a fault of the transcriber that another run may mend.
    """
    said = transcribe(recording, models, step)
    return said if isinstance(said, NothingHeard) else listen_closely(said, models, step)


def transcribe(recording: Path, models: SpeakingModels, step: Step) -> Transcribed | NothingHeard:
    """Decode, judge and transcribe ``recording``; raises what ``listen`` does."""
    step(0.0, "Decoding the recording")
    sound = decode(recording)
    voice = models.voice.listen(sound)
    quality = judge_quality(sound, voice)
    reason = why_not_assessable(sound, voice)
    if reason is not None:
        return NothingHeard(quality, reason)

    def heard(done: float, total: float) -> None:
        share = done / total if total else 1.0
        step(
            _DECODED + share * (_TRANSCRIBED - _DECODED),
            f"Transcribing: {done:.0f} of {total:.0f} seconds",
        )

    transcript = models.transcriber.transcribe(sound, voice, heard)
    if not transcript.words:
        return NothingHeard(quality, NotAssessableReason.NO_SPEECH)
    return Transcribed(sound, voice, quality, transcript)


def listen_closely(said: Transcribed, models: SpeakingModels, step: Step) -> Heard:
    """Align what was ``said``, and follow the voice."""
    step(_TRANSCRIBED, "Listening to the sounds")
    is_english = said.transcript.language == ENGLISH
    aligned = models.aligner.align(said.sound, said.transcript.words) if is_english else ()
    step(_ALIGNED, "Listening to the voice")
    pitch = models.pitch.track(said.sound)
    return Heard(said.quality, said.voice, said.transcript, aligned, pitch)
