"""Decodes one recording and exits: ``python -m workers.speaking.decoder LIMITS``.

Runs as a process of its own, under limits that it sets itself before it reads the first
byte of standard input. LIMITS is the JSON of ``DecodingLimits``. It writes one line of JSON to
standard output, either ``{"problem", "message"}`` or ``{"bytes"}``, and after the latter so
many bytes of samples: 16 bit, little-endian, one channel.
"""

import io
import json
import resource
import sys
from typing import Any, BinaryIO

from grading.domain.container import HEAD, breaks_off, container_of, tells_its_length

#: Decoders that a recording may ask for: those of the formats that are accepted.
_CODECS = (
    "pcm_s16le,pcm_s24le,pcm_s32le,pcm_u8,pcm_f32le,pcm_f64le,pcm_alaw,pcm_mulaw,pcm_s16be,"
    "flac,mp3,mp3float,mp2,mp2float,vorbis,libvorbis,opus,libopus,aac,alac"
)
#: Shorter of what was declared is truncated: codecs pad by less than this.
_STRAY_SECONDS = 0.5
_STRAY_SHARE = 0.01
#: Broken packets that a recording may have, as a share of all.
_BROKEN_SHARE = 0.02
#: What FFmpeg says of a block that is not there in full.
_CUT = "ended prematurely"


class Refused(Exception):
    """The recording can't be used; its arguments are the problem and a sentence."""


def limit(limits: dict[str, float]) -> None:
    """Bound what this process may take: a hostile file is not to be trusted with more."""
    for what, value in (
        (resource.RLIMIT_AS, int(limits["memory_bytes"])),
        (resource.RLIMIT_CPU, int(limits["processor_seconds"])),
        (resource.RLIMIT_NOFILE, int(limits["open_files"])),
        (resource.RLIMIT_FSIZE, int(limits["output_bytes"])),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (value, value))


def decode(content: bytes, rate: int, longest: float) -> tuple[float | None, bytes]:
    """The declared length in seconds and the samples of ``content``.

    Raises:
        Refused: it can't be used.
    """
    import av

    if not content:
        raise Refused("empty", "The file is empty.")
    found = container_of(content[:HEAD])
    if found is None:
        raise Refused("undecodable", "The file is of no audio format that is accepted.")
    if breaks_off(found, content):
        raise _truncated()
    options = {"codec_whitelist": _CODECS, "protocol_whitelist": "pipe"}
    av.logging.set_level(av.logging.ERROR)
    try:
        with (
            av.logging.Capture() as complaints,
            av.open(
                io.BytesIO(content), format=found.value, container_options=options
            ) as container,
        ):
            if not container.streams.audio:
                raise Refused("no_audio", "The file holds no sound.")
            declared = _declared(container) if tells_its_length(found, content) else None
            if declared is not None and declared > longest + _STRAY_SECONDS:
                raise _too_long(longest)
            samples = _samples(container, rate, longest)
    except av.FFmpegError:
        raise Refused("undecodable", "The file can't be decoded as audio.") from None
    # Matroska's live files tell no length; only the demuxer sees that a block is cut.
    if any(_CUT in message for _, _, message in complaints):
        raise _truncated()
    return declared, samples


def _declared(container: Any) -> float | None:
    import av

    stream = container.streams.audio[0]
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if container.duration is not None:
        return float(container.duration) / float(av.time_base)
    return None


def _samples(container: Any, rate: int, longest: float) -> bytes:
    import av

    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
    most = int((longest + _STRAY_SECONDS) * rate) * 2
    decoded = bytearray()
    packets = broken = 0

    def take(frame: Any) -> None:
        for piece in resampler.resample(frame):
            decoded.extend(piece.to_ndarray().tobytes())
        if len(decoded) > most:
            raise _too_long(longest)

    for packet in container.demux(container.streams.audio[0]):
        packets += packet.size > 0
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            broken += 1
            continue
        for frame in frames:
            take(frame)
    if decoded:
        take(None)
    if broken > max(1, _BROKEN_SHARE * packets):
        raise Refused("undecodable", "Too much of the recording is damaged.")
    if not decoded:
        raise Refused("empty", "The recording holds no sound.")
    return bytes(decoded)


def check_whole(declared: float | None, seconds: float) -> None:
    """Compare what was decoded with what the file says of itself.

    Raises:
        Refused: the end is missing.
    """
    if declared is None:
        return
    if declared - seconds > max(_STRAY_SECONDS, _STRAY_SHARE * declared):
        raise _truncated()


def _truncated() -> Refused:
    return Refused("truncated", "The recording breaks off before its end.")


def _too_long(longest: float) -> Refused:
    return Refused("too_long", f"The recording is longer than {longest:.0f} seconds.")


def answer(content: BinaryIO, limits: dict[str, float]) -> tuple[dict[str, Any], bytes]:
    """The line to write, and what follows it."""
    rate = int(limits["rate"])
    try:
        declared, samples = decode(content.read(), rate, limits["longest_seconds"])
        check_whole(declared, len(samples) / 2 / rate)
    except Refused as refused:
        problem, message = refused.args
        return {"problem": problem, "message": message}, b""
    except MemoryError:
        return {"problem": "undecodable", "message": "Decoding it takes too much memory."}, b""
    return {"bytes": len(samples)}, samples


def main() -> None:
    """Decode standard input to standard output."""
    limits = json.loads(sys.argv[1])
    limit(limits)
    line, samples = answer(sys.stdin.buffer, limits)
    sys.stdout.buffer.write(json.dumps(line).encode() + b"\n" + samples)


if __name__ == "__main__":
    main()
