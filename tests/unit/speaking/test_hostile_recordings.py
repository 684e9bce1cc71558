"""Files made to harm: each ends soon in a fault by its name, and harms only its decoder."""

import resource
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grading.domain.audio import AudioProblem
from grading.exceptions import AudioRefused
from tests.unit.speaking.conftest import samples
from tests.unit.speaking.encoding import FORMATS, encode
from workers.speaking.decoding import DecodingLimits, decode
from workers.speaking.sound import RATE

BY_NAME = {item.name: item for item in FORMATS}
HOURS = 10 * 3600

#: No more than this is decoded of anything; what is refused must not cost it.
_SECONDS = 5.0


def _flac(content: bytes, total: int) -> bytes:
    """A FLAC that declares ``total`` samples; 0 says that it does not know."""
    # The last 36 of the 64 bits that begin with the rate, in the block that comes first.
    at = 18
    fields = int.from_bytes(content[at : at + 8], "big")
    return content[:at] + (fields >> 36 << 36 | total).to_bytes(8, "big") + content[at + 8 :]


def _ogg(content: bytes, granule: int) -> bytes:
    """An Ogg whose last page says that it ends at ``granule``."""
    at = content.rindex(b"OggS")
    page = bytearray(content[at:])
    page[6:14] = granule.to_bytes(8, "little")
    page[22:26] = bytes(4)
    page[22:26] = _checksum(bytes(page)).to_bytes(4, "little")
    return content[:at] + page


def _checksum(page: bytes) -> int:
    """CRC-32 as Ogg has it (RFC 3533, section 6)."""
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 1 << 31 else value << 1) & 0xFFFFFFFF
    return value


def _wav(
    data: bytes, rate: int = RATE, channels: int = 1, bits: int = 16, size: int | None = None
) -> bytes:
    """A WAV with a head that may lie."""
    length = len(data) if size is None else size
    frame = channels * bits // 8
    head = struct.pack(
        "<IHHIIHH", 16, 1, channels, rate, rate * frame & 0xFFFFFFFF, frame & 0xFFFF, bits
    )
    return (
        b"RIFF" + struct.pack("<I", length + 36 & 0xFFFFFFFF) + b"WAVEfmt " + head
        + b"data" + struct.pack("<I", length) + data
    )  # fmt: skip


def _silence(seconds: int) -> Any:
    return np.zeros(seconds * RATE, dtype=np.int16)


_ATOM = b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A mp42"

HOSTILE: dict[str, tuple[Callable[[], bytes], AudioProblem]] = {
    "flac that claims months": (
        lambda: _flac(encode(samples(1.0), BY_NAME["flac"]), 2**36 - 1),
        AudioProblem.TOO_LONG,
    ),
    "flac of silence that claims nothing": (
        lambda: _flac(encode(_silence(700), BY_NAME["flac"]), 0),
        AudioProblem.TOO_LONG,
    ),
    "ogg that claims hours": (
        lambda: _ogg(encode(samples(1.0), BY_NAME["ogg-opus"]), HOURS * 48_000),
        AudioProblem.TOO_LONG,
    ),
    "wav that claims gigabytes": (
        lambda: _wav(bytes(2000), size=0x7FFFFFF0), AudioProblem.TRUNCATED,
    ),
    "wav of one sample a second": (lambda: _wav(bytes(2 * HOURS), rate=1), AudioProblem.TOO_LONG),
    "wav of no sample a second": (lambda: _wav(bytes(2000), rate=0), AudioProblem.UNDECODABLE),
    "wav of 4 GHz": (
        lambda: _wav(bytes(2000), rate=0xFFFFFFFF), AudioProblem.UNDECODABLE,
    ),
    "wav of 65,535 channels": (
        lambda: _wav(bytes(2_000_000), channels=65_535, bits=8), AudioProblem.UNDECODABLE,
    ),
    "wav without a channel": (lambda: _wav(bytes(2000), channels=0), AudioProblem.UNDECODABLE),
    "mp3 with a tag that never ends": (
        lambda: b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(1000), AudioProblem.UNDECODABLE,
    ),
    "mp3 that is all tag": (
        lambda: b"ID3\x04\x00\x00\x00\x7f\x7f\x7f" + bytes(2_000_000), AudioProblem.UNDECODABLE,
    ),
    "webm of elements that never end": (
        lambda: b"\x1a\x45\xdf\xa3" + b"\x01\xff\xff\xff\xff\xff\xff\xfe" * 100,
        AudioProblem.UNDECODABLE,
    ),
    "m4a with an atom of exabytes": (
        lambda: _ATOM + struct.pack(">I", 1) + b"moov" + struct.pack(">Q", 2**60) + bytes(1000),
        AudioProblem.NO_AUDIO,
    ),
    "m4a of atoms in atoms": (
        lambda: _ATOM + b"\x00\x00\xff\xffmoov" * 5_000, AudioProblem.UNDECODABLE,
    ),
    "a picture in an mp4's clothes": (
        lambda: b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(5000),
        AudioProblem.UNDECODABLE,
    ),
    "ogg of heads": (lambda: b"OggS" * 20_000, AudioProblem.TRUNCATED),
}  # fmt: skip


@pytest.fixture
def kept(tmp_path: Path) -> Callable[[bytes], Path]:
    """Keeps bytes in a file."""

    def keep(content: bytes) -> Path:
        file = tmp_path / "recording"
        file.write_bytes(content)
        return file

    return keep


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_ends_soon(name: str, kept: Callable[[bytes], Path]) -> None:
    make, problem = HOSTILE[name]
    file = kept(make())
    started = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with pytest.raises(AudioRefused) as refused:
        decode(file)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert refused.value.problem is problem
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < _SECONDS
    assert time.monotonic() - started < 10 * _SECONDS


def test_a_recorder_that_never_came_back_to_tell_the_size_is_no_enemy(
    kept: Callable[[bytes], Path],
) -> None:
    whole = _wav(bytes(2 * RATE), size=0xFFFFFFFF)
    assert decode(kept(whole)).seconds == pytest.approx(1.0)


def test_the_decoder_is_given_no_keys(
    kept: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "hunter2-secret")
    seen: list[Any] = []
    run = subprocess.run

    def remember(command: Any, **options: Any) -> Any:
        told = run(
            [command[0], "-I", "-c", "import os; print(dict(os.environ))"],
            env=options["env"],
            capture_output=True,
            text=True,
            check=True,
        )
        seen.append(told.stdout)
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", remember)
    assert decode(kept(_wav(bytes(2 * RATE)))).seconds == pytest.approx(1.0)
    [environment] = seen
    assert "OPENAI" not in environment and "hunter2" not in environment


def test_a_decoder_that_is_killed_is_a_file_that_can_not_be_decoded(
    kept: Callable[[bytes], Path],
) -> None:
    """Of a crash nothing else is seen from outside: no line, or half of the samples."""
    file = kept(encode(samples(5.0), BY_NAME["flac"]))
    for limits in (
        DecodingLimits(processor_seconds=0),
        DecodingLimits(memory_bytes=30_000_000),
        DecodingLimits(output_bytes=100_000),
    ):
        with pytest.raises(AudioRefused) as refused:
            decode(file, limits)
        assert refused.value.problem is AudioProblem.UNDECODABLE
    assert decode(file).seconds == pytest.approx(5.0, abs=0.1)
