"""What a provider is sent: the same sound, in a file that holds nothing else."""

from pathlib import Path

import numpy as np
import pytest

from tests.unit.speaking.conftest import ANSWER, samples
from workers.speaking.decoding import decode
from workers.speaking.encoding import TRANSCRIPTION_VERSION, speech_of, to_flac
from workers.speaking.sound import RATE, Samples, Sound

#: The most that OpenAI takes, in bytes.
LIMIT = 25_000_000


@pytest.mark.parametrize(
    "sound",
    [samples(61.3), samples(60.0), samples(0.01), np.zeros(1, np.int16), samples(2.0, level=1.0)],
    ids=len,
)
def test_it_is_decoded_to_the_same_samples(sound: Samples, tmp_path: Path) -> None:
    file = tmp_path / "speech"
    file.write_bytes(to_flac(Sound(sound)))
    assert np.array_equal(decode(file).samples, sound)


def test_ten_minutes_of_the_worst_noise_are_taken() -> None:
    noise = np.random.default_rng(7).integers(-32_768, 32_767, 600 * RATE, dtype=np.int16)
    assert len(to_flac(Sound(noise))) < LIMIT


def test_speech_takes_half_as_much() -> None:
    sound = decode(ANSWER)
    speech = speech_of(ANSWER, sound)
    assert len(speech.content) < 0.6 * sound.samples.nbytes
    assert (speech.version, speech.seconds) == (TRANSCRIPTION_VERSION, sound.seconds)


def test_nothing_else_of_the_recording_is_in_it(tmp_path: Path) -> None:
    sound = Sound(samples(1.0))
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"Nguyen Van A, class 12B")
    other.write_bytes(b"Tran Thi B")
    first, second = speech_of(one, sound), speech_of(other, sound)
    assert first.content == second.content
    # It is kept by the recording, though.
    assert first.recording != second.recording
