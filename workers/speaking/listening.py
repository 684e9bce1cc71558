"""What is heard in a recording: its sound, its quality, its words and their phones."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from grading.domain.audio import AudioQuality, NotAssessableReason
from grading.domain.transcript import Transcript
from workers.providers.transcription import Speech
from workers.speaking.alignment import AlignedWord
from workers.speaking.decoding import DecodingLimits, decode
from workers.speaking.encoding import speech_of
from workers.speaking.models import SpeakingModels
from workers.speaking.pitch import Pitch
from workers.speaking.progress import ALIGNED, TRANSCRIBED, Step, heard_of
from workers.speaking.quality import judge_quality, why_not_assessable
from workers.speaking.sound import Sound
from workers.speaking.voice import Voice, VoiceDetector
from workers.speaking.whisper import ENGLISH


@dataclass(frozen=True, slots=True)
class Opened:
    """A recording in which somebody speaks."""

    voice: Voice
    quality: AudioQuality
    #: Its sound; None where it stays in the process that decoded it.
    sound: Sound | None
    #: What a provider is sent; None where none transcribes.
    speech: Speech | None = None


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
    """Decode, judge, transcribe and align ``recording``, all in this process.

    Raises:
        AudioRefused: the recording can't be used, and trying again would not help.
    """
    step(0.0, "Decoding the recording")
    opened = open_recording(recording, models.voice)
    if isinstance(opened, NothingHeard):
        return opened
    sound = opened.sound
    assert sound is not None
    transcript = models.transcriber.transcribe(sound, opened.voice, heard_of(step))
    if not transcript.words:
        return NothingHeard(opened.quality, NotAssessableReason.NO_SPEECH)
    return listen_closely(opened, sound, transcript, models, step)


def open_recording(
    recording: Path,
    detector: VoiceDetector,
    limits: DecodingLimits | None = None,
    *,
    is_sent: bool = False,
) -> Opened | NothingHeard:
    """Decode ``recording``, judge it, and make it ready to be sent to a provider where it is.

    Raises:
        AudioRefused: it can't be used, and trying again would not help.
    """
    sound = decode(recording, limits)
    voice = detector.listen(sound)
    quality = judge_quality(sound, voice)
    reason = why_not_assessable(sound, voice)
    if reason is not None:
        return NothingHeard(quality, reason)
    return Opened(voice, quality, sound, speech_of(recording, sound) if is_sent else None)


def listen_closely(
    opened: Opened, sound: Sound, transcript: Transcript, models: SpeakingModels, step: Step
) -> Heard:
    """Align the words of ``transcript`` with the sound, and follow the voice."""
    begin = partial(step, TRANSCRIBED, "Listening to the sounds")
    begin()
    is_english = transcript.language == ENGLISH
    aligned = models.aligner.align(sound, transcript.words, begin) if is_english else ()
    step(ALIGNED, "Listening to the voice")
    return Heard(opened.quality, opened.voice, transcript, aligned, models.pitch.track(sound))
