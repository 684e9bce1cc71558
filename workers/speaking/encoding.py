"""Decoded sound as a file to be sent away: small, and without loss."""

import hashlib
import io
from fractions import Fraction
from pathlib import Path

from workers.providers.transcription import Speech
from workers.speaking.sound import RATE, Sound

#: The version of how sound is sent to a provider and what comes back is read.
TRANSCRIPTION_VERSION = "transcription-1.0"

_LAYOUT = "mono"
#: Samples that are encoded at once.
_BLOCK = 60 * RATE


def to_flac(sound: Sound) -> bytes:
    """``sound`` as a FLAC file: about half of its samples' bytes, and never many more than these.

    It holds nothing else of the recording, and its times are those of ``sound``.
    """
    import av

    content = io.BytesIO()
    with av.open(content, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=RATE, layout=_LAYOUT)
        for first in range(0, len(sound.samples), _BLOCK):
            part = sound.samples[first : first + _BLOCK]
            frame = av.AudioFrame.from_ndarray(part[None, :], format="s16", layout=_LAYOUT)
            frame.sample_rate = RATE
            frame.time_base = Fraction(1, RATE)
            frame.pts = first
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return content.getvalue()


def speech_of(recording: Path, sound: Sound) -> Speech:
    """What a provider is sent of ``recording``, whose sound was decoded.

    An answer to it is kept by the recording's own bytes: decoders and encoders differ in the last
    bit from one machine to another.
    """
    with recording.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return Speech(TRANSCRIPTION_VERSION, digest, to_flac(sound), sound.seconds)
