"""Recordings in every format that is accepted, made by the library that decodes them."""

import io
from dataclasses import dataclass

import av
import numpy as np
from av.audio.stream import AudioStream

from workers.speaking.sound import RATE, Samples


@dataclass(frozen=True)
class Format:
    """A container and a codec in it."""

    name: str
    container: str
    codec: str
    rate: int = RATE


FORMATS = (
    Format("wav", "wav", "pcm_s16le"),
    Format("wav-44100", "wav", "pcm_s16le", 44_100),
    Format("flac", "flac", "flac"),
    Format("mp3", "mp3", "libmp3lame"),
    Format("ogg-opus", "ogg", "libopus", 48_000),
    Format("webm-opus", "webm", "libopus", 48_000),
    Format("m4a", "mp4", "aac", 44_100),
)


def encode(sound: Samples, made: Format, *, channels: int = 1) -> bytes:
    """``sound`` in a format."""
    content = io.BytesIO()
    layout = "mono" if channels == 1 else "stereo"
    with av.open(content, "w", format=made.container) as container:
        stream = container.add_stream(made.codec, rate=made.rate, layout=layout)
        assert isinstance(stream, AudioStream)
        resampler = av.AudioResampler(format=stream.format.name, layout=layout, rate=made.rate)
        interleaved = np.repeat(sound, channels)[None, :]
        frame = av.AudioFrame.from_ndarray(interleaved, format="s16", layout=layout)
        frame.sample_rate = RATE
        fifo = av.AudioFifo()
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            piece.pts = None
            fifo.write(piece)
        size = stream.codec_context.frame_size or 1024
        while part := fifo.read(size, partial=True):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return content.getvalue()


def film(frames: int = 10) -> bytes:
    """A film without sound."""
    content = io.BytesIO()
    with av.open(content, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for at in range(frames):
            picture = np.full((64, 64, 3), at, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return content.getvalue()
