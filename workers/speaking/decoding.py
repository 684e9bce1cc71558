"""Recordings of any accepted format to one channel of 16 kHz, in a process that may die."""

import contextlib
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from grading.domain.audio import AudioProblem
from grading.exceptions import AudioRefused
from workers.speaking.sound import RATE, Sound

_DECODER = "workers.speaking.decoder"
_LINE = 4096
_UNDECODABLE = "The file can't be decoded as audio."


@dataclass(frozen=True, slots=True)
class DecodingLimits:
    """What a recording may be, and what decoding it may take."""

    #: The longest recording, in seconds (the service's own limit, ten minutes).
    longest_seconds: float = 600.0
    #: Address space of the decoder; FFmpeg and numpy map about 600 MB before any sound.
    memory_bytes: int = 1_500_000_000
    #: Ten minutes of sound take about two.
    processor_seconds: int = 30
    wall_seconds: float = 60.0
    open_files: int = 64
    rate: int = RATE
    #: Ten minutes are 19.2 MB.
    output_bytes: int = 24_000_000

    @classmethod
    def up_to(cls, seconds: float) -> Self:
        """What recordings of at most ``seconds`` take."""
        usual = cls()
        times = max(1.0, seconds / usual.longest_seconds)
        return cls(
            longest_seconds=seconds,
            # The samples are held twice while they are written.
            memory_bytes=usual.memory_bytes + int((times - 1) * 2 * usual.output_bytes),
            processor_seconds=int(times * usual.processor_seconds),
            wall_seconds=times * usual.wall_seconds,
            output_bytes=int(times * usual.output_bytes),
        )


def decode(recording: Path, limits: DecodingLimits | None = None) -> Sound:
    """Decode the file ``recording``; its content decides the format, not its name.

    Raises:
        AudioRefused: it can't be used, and trying again would not help.
        OSError: it can't be read.
    """
    bounds = limits or DecodingLimits()
    # A file and not a pipe: what the decoder writes is bounded, and no thread has to read it.
    with recording.open("rb") as source, tempfile.TemporaryFile() as output:
        _run(source, output, bounds)
        output.seek(0)
        line = output.readline(_LINE)
        samples = output.read()
    told = _told(line)
    if told.get("bytes") != len(samples) and "problem" not in told:
        # It died while it wrote.
        told = _told(b"")
    if "problem" in told:
        raise AudioRefused(AudioProblem(told["problem"]), str(told["message"]))
    return Sound(np.frombuffer(samples, dtype="<i2").astype(np.int16))


def _told(line: bytes) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        told = json.loads(line)
        if isinstance(told, dict):
            return told
    # It died before it could say anything: of a limit, or of the file.
    return {"problem": AudioProblem.UNDECODABLE, "message": _UNDECODABLE}


def _run(source: Any, output: Any, bounds: DecodingLimits) -> None:
    # -I: neither the environment nor the current folder can add code to it.
    command = [sys.executable, "-I", "-m", _DECODER, json.dumps(asdict(bounds))]
    try:
        subprocess.run(
            command,
            # The worker's keys and passwords are none of a hostile file's business.
            env={},
            stdin=source,
            stdout=output,
            stderr=subprocess.DEVNULL,
            timeout=bounds.wall_seconds,
            check=False,
            close_fds=True,
        )
    except subprocess.TimeoutExpired:
        raise AudioRefused(AudioProblem.UNDECODABLE, "Decoding it takes too long.") from None
