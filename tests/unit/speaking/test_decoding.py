"""Decoding: every format by its content, and what can't be used, each fault by its name."""

import multiprocessing
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from grading.domain.audio import AudioProblem
from grading.exceptions import AudioRefused
from tests.unit.speaking.conftest import samples
from tests.unit.speaking.encoding import FORMATS, Format, encode, film
from workers.speaking.decoding import DecodingLimits, decode
from workers.speaking.sound import RATE

BY_NAME = {item.name: item for item in FORMATS}
WAV, FLAC, OGG = BY_NAME["wav"], BY_NAME["flac"], BY_NAME["ogg-opus"]
Kept = Callable[[bytes], Path]


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """Keeps bytes under a name that tells nothing."""

    def keep(content: bytes) -> Path:
        file = tmp_path / "recording"
        file.write_bytes(content)
        return file

    return keep


def problem_of(file: Path, limits: DecodingLimits | None = None) -> AudioProblem:
    with pytest.raises(AudioRefused) as refused:
        decode(file, limits)
    assert refused.value.message.endswith(".")
    return refused.value.problem


@pytest.mark.parametrize("made", FORMATS, ids=lambda item: item.name)
def test_every_format_becomes_the_same_sound(made: Format, kept: Kept) -> None:
    sound = decode(kept(encode(samples(3.0), made)))
    assert sound.seconds == pytest.approx(3.0, abs=0.1)
    middle = sound.samples[RATE : 2 * RATE].astype(float)
    spectrum = np.abs(np.fft.rfft(middle))
    assert int(np.argmax(spectrum)) == pytest.approx(440, abs=1)
    assert 20 * np.log10(np.sqrt(np.mean(middle**2)) / 32_768) == pytest.approx(-13.5, abs=1.5)


def test_two_channels_become_one(kept: Kept) -> None:
    sound = decode(kept(encode(samples(1.0), WAV, channels=2)))
    assert sound.seconds == pytest.approx(1.0, abs=0.01)
    assert sound.samples.max() > 8_000


@pytest.mark.parametrize("made", FORMATS, ids=lambda item: item.name)
@pytest.mark.parametrize("share", [0.4, 0.9])
def test_a_recording_that_breaks_off_is_refused(made: Format, share: float, kept: Kept) -> None:
    whole = encode(samples(20.0), made)
    problem = problem_of(kept(whole[: int(share * len(whole))]))
    # The index of an MP4 stands at its end: without it nothing can be said of the rest.
    wanted = AudioProblem.UNDECODABLE if made.name == "m4a" else AudioProblem.TRUNCATED
    assert problem is wanted


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", AudioProblem.EMPTY),
        (b"This is a text.\n" * 100, AudioProblem.UNDECODABLE),
        (bytes(5_000), AudioProblem.UNDECODABLE),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), AudioProblem.UNDECODABLE),
        # Formats that name other files are not even tried.
        (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", AudioProblem.UNDECODABLE),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", AudioProblem.UNDECODABLE),
        (b"fLaC" + bytes(1_000), AudioProblem.UNDECODABLE),
        (b"OggS" + bytes(1_000), AudioProblem.TRUNCATED),
    ],
)
def test_what_is_no_recording_is_refused(content: bytes, problem: AudioProblem, kept: Kept) -> None:
    assert problem_of(kept(content)) is problem


def test_a_name_does_not_make_a_recording(tmp_path: Path) -> None:
    text, sound = tmp_path / "text.mp3", tmp_path / "sound.txt"
    text.write_bytes(b"This is a text.\n" * 100)
    sound.write_bytes(encode(samples(1.0), FLAC))
    assert problem_of(text) is AudioProblem.UNDECODABLE
    assert decode(sound).seconds == pytest.approx(1.0, abs=0.01)


def test_a_film_without_sound_holds_no_audio(kept: Kept) -> None:
    assert problem_of(kept(film())) is AudioProblem.NO_AUDIO


def test_no_samples_are_no_recording(kept: Kept) -> None:
    assert problem_of(kept(encode(samples(0.0), WAV))) is AudioProblem.EMPTY


def test_what_is_too_long_is_refused(kept: Kept) -> None:
    limits = DecodingLimits(longest_seconds=2.0)
    for made in FORMATS:
        assert problem_of(kept(encode(samples(4.0), made)), limits) is AudioProblem.TOO_LONG
    assert decode(kept(encode(samples(1.9), WAV)), limits).seconds == pytest.approx(1.9, abs=0.01)


@pytest.mark.parametrize(
    "limits",
    [
        DecodingLimits(memory_bytes=50_000_000),
        DecodingLimits(processor_seconds=0),
        DecodingLimits(wall_seconds=0.01),
        DecodingLimits(output_bytes=10_000),
    ],
    ids=["memory", "processor", "wall", "output"],
)
def test_a_decoder_at_its_limit_dies_alone(limits: DecodingLimits, kept: Kept) -> None:
    assert problem_of(kept(encode(samples(3.0), FLAC)), limits) is AudioProblem.UNDECODABLE


@pytest.mark.parametrize("seed", range(12))
def test_damaged_recordings_end_in_a_fault_or_a_sound(seed: int, kept: Kept) -> None:
    chance = random.Random(seed)
    content = bytearray(encode(samples(2.0), FORMATS[seed % len(FORMATS)]))
    for _ in range(200):
        content[chance.randrange(len(content))] = chance.randrange(256)
    try:
        sound = decode(kept(bytes(content)))
    except AudioRefused:
        return
    assert sound.seconds <= 600


def test_threads_decode_beside_each_other(kept: Kept) -> None:
    file = kept(encode(samples(1.0), OGG))
    with ThreadPoolExecutor(4) as pool:
        lengths = [sound.seconds for sound in pool.map(decode, [file] * 4)]
    assert lengths == [lengths[0]] * 4


def _decode_in_child(file: str, result: "multiprocessing.Queue[float]") -> None:
    result.put(decode(Path(file)).seconds)


def test_a_child_that_may_have_no_children_decodes(kept: Kept) -> None:
    """Celery's prefork children are daemons, which multiprocessing forbids children."""
    context = multiprocessing.get_context("spawn")
    result: multiprocessing.Queue[float] = context.Queue()
    file = str(kept(encode(samples(1.0), OGG)))
    child = context.Process(target=_decode_in_child, args=(file, result), daemon=True)
    child.start()
    assert result.get(timeout=30) == pytest.approx(1.0, abs=0.1)
    child.join(10)
