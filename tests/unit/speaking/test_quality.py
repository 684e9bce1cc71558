"""Quality: what is heard before anything is transcribed."""

import numpy as np
import pytest

from grading.domain.audio import NotAssessableReason
from tests.unit.speaking.conftest import ANSWER, CASES, samples, sine
from workers.speaking.decoding import decode
from workers.speaking.models import SpeakingModels
from workers.speaking.quality import judge_quality, why_not_assessable
from workers.speaking.sound import RATE, Sound
from workers.speaking.voice import Interval, Voice

NOBODY = Voice(())


def test_somebody_is_heard_to_speak(models: SpeakingModels) -> None:
    sound = decode(ANSWER)
    voice = models.voice.listen(sound)
    quality = judge_quality(sound, voice)
    assert why_not_assessable(sound, voice) is None
    assert 0.8 < quality.speech_seconds / quality.seconds < 0.97
    assert quality.clipped_share == 0
    assert quality.snr_db is not None and quality.snr_db > 30


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("silence.flac", NotAssessableReason.SILENCE),
        ("noise.ogg", NotAssessableReason.NOISE),
        ("tone.flac", NotAssessableReason.TONE),
    ],
)
def test_what_is_no_speech_is_named(
    file: str, reason: NotAssessableReason, models: SpeakingModels
) -> None:
    sound = decode(CASES / file)
    voice = models.voice.listen(sound)
    assert why_not_assessable(sound, voice) is reason
    assert judge_quality(sound, voice).speech_seconds == 0


def test_a_click_is_too_little_to_assess() -> None:
    voice = Voice((Interval(0.2, 0.5),))
    assert why_not_assessable(sine(2.0), voice) is NotAssessableReason.NO_SPEECH


def test_noise_under_the_speech_is_measured() -> None:
    noise = np.random.default_rng(1).normal(0, 300, 4 * RATE)
    noise[RATE : 3 * RATE] += samples(2.0)
    quality = judge_quality(Sound(noise.astype(np.int16)), Voice((Interval(1.0, 3.0),)))
    assert quality.snr_db == pytest.approx(27.5, abs=1.5)
    assert quality.level_dbfs == pytest.approx(-13.5, abs=0.5)


def test_clipping_is_a_share_of_the_samples() -> None:
    loud = np.clip(samples(1.0, level=1.0).astype(int) * 2, -32_768, 32_767).astype(np.int16)
    assert judge_quality(Sound(loud), NOBODY).clipped_share == pytest.approx(0.66, abs=0.02)
    assert judge_quality(sine(1.0, level=0.9), NOBODY).clipped_share == 0


def test_an_empty_sound_has_a_quality() -> None:
    quality = judge_quality(Sound(np.zeros(0, dtype=np.int16)), NOBODY)
    assert quality.seconds == 0
    assert quality.snr_db is None
    assert quality.level_dbfs == -96


def test_a_share_of_a_stretch_is_spoken() -> None:
    voice = Voice((Interval(1.0, 2.0), Interval(3.0, 4.0)))
    assert voice.seconds == 2
    assert voice.share(0.0, 4.0) == 0.5
    assert voice.share(1.5, 1.5) == 0
    assert voice.share(3.2, 3.8) == 1
