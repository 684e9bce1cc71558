"""All that is measured in one recording."""

from grading.domain.transcript import Transcript
from grading.domain.work import SpeakingWork
from grading.rubric.observation import Observation
from workers.speaking.clause_edges import clause_starts
from workers.speaking.fluency import observe_fluency
from workers.speaking.listening import Heard
from workers.speaking.models import SpeakingModels
from workers.speaking.pronunciation import observe_pronunciation
from workers.speaking.prosody import observe_prosody
from workers.speaking.repairs import find_repairs
from workers.speaking.speech_text import SpeechText, speech_text
from workers.speaking.timeline import timeline
from workers.speaking.whisper import ENGLISH
from workers.speaking.wording import observe_wording, read_transcript

#: Changes whenever a feature is added or measured differently.
FEATURE_VERSION = "speaking-1.0"


def feature_version(transcription_version: str) -> str:
    """The version of what is measured of the words that a provider heard.

    ``transcription_version`` is that of how it is asked and read; empty where the embedded
    recogniser heard them. How sure a recogniser is of its words means another thing with each.
    """
    return "+".join(filter(None, (FEATURE_VERSION, transcription_version)))


def measure(work: SpeakingWork, heard: Heard, models: SpeakingModels) -> tuple[Observation, ...]:
    """Observe what was ``heard`` of ``work``."""
    line = timeline(heard.transcript.words, heard.aligned, models.aligner.dictionary)
    repairs = find_repairs(line.words)
    text = speech_text(line.words, repairs)
    answer = read_transcript(text, work, models.language)
    is_english = heard.transcript.language == ENGLISH
    observed = [*_recording(heard), *observe_wording(answer, text, models.language)]
    if is_english:
        natural = {text.words[at].start for at in clause_starts(answer, text)}
        inside = [p for p in line.pauses if line.words[p.before].start not in natural]
        observed += observe_fluency(line, repairs, inside, heard.voice)
        observed += observe_pronunciation(heard.transcript, heard.aligned)
        observed += observe_prosody(heard.aligned, heard.pitch)
    return tuple(observed)


class _Uncounted:
    """Stands for a dictionary where syllables are of no use."""

    def syllables(self, form: str) -> int:
        del form
        return 1


def write_down(transcript: Transcript) -> SpeechText:
    """The words of ``transcript`` as a text, before it is known how they sound."""
    line = timeline(transcript.words, (), _Uncounted())
    return speech_text(line.words, find_repairs(line.words))


def _recording(heard: Heard) -> list[Observation]:
    """What is told of the recording as a whole."""
    quality, transcript = heard.quality, heard.transcript
    observed = [
        Observation("speech_seconds", quality.speech_seconds),
        Observation("clipped_share", quality.clipped_share),
        Observation(
            "english_speech",
            float(transcript.language == ENGLISH),
            details={"language": transcript.language},
        ),
    ]
    if quality.snr_db is not None:
        observed.append(Observation("signal_to_noise", quality.snr_db))
    if transcript.confidence is not None:
        observed.append(
            Observation(
                "transcript_confidence",
                transcript.confidence,
                details={"percent": 100 * transcript.confidence},
            )
        )
    return observed
