"""What a recording sounds like, and what can be wrong with one."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class AudioQuality:
    """How well a recording can be heard. Levels are in dB of full scale: 0 is the loudest."""

    #: Length of the recording.
    seconds: float
    #: Of those, seconds in which somebody speaks.
    speech_seconds: float
    #: Root mean square of the speech, or of everything where nobody speaks.
    level_dbfs: float
    peak_dbfs: float
    #: Share of the samples that are cut off at full scale, 0 to 1.
    clipped_share: float
    #: Level of the speech over that of the rest, in dB; None where one of them is missing.
    snr_db: float | None = None


class NotAssessableReason(StrEnum):
    """Why a recording that can be played can't be graded."""

    #: Nothing is heard at all.
    SILENCE = "silence"
    #: Something is heard all along, and it is no speech.
    NOISE = "noise"
    #: A steady tone.
    TONE = "tone"
    #: Somebody may speak, but too briefly or unclearly for a single word.
    NO_SPEECH = "no_speech"


class AudioProblem(StrEnum):
    """Why a recording can't be used, however often it is tried."""

    #: It is of no format that is accepted, or its content is broken.
    UNDECODABLE = "undecodable"
    #: It ends before the length that it declares.
    TRUNCATED = "truncated"
    #: It holds no sound at all.
    EMPTY = "empty"
    #: It holds something, but no audio.
    NO_AUDIO = "no_audio"
    #: It is longer than an answer may be.
    TOO_LONG = "too_long"
    #: It has more bytes than an answer may have.
    TOO_LARGE = "too_large"
    #: It may not be fetched from its address, or is not there.
    UNREACHABLE = "unreachable"
