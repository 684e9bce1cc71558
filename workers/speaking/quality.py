"""How well a recording can be heard, and whether there is speech in it at all."""

import math

import numpy as np
import numpy.typing as npt

from grading.domain.audio import AudioQuality, NotAssessableReason
from workers.speaking.sound import RATE, Sound
from workers.speaking.voice import Voice

#: What is left of the level of digital silence, in dB.
_FLOOR = -96.0
#: Samples this near to full scale are cut off where several stand in a row.
_FULL = 32_700
_CUT_IN_A_ROW = 3
_FRAME = RATE // 50
#: Under this level a whole recording is silent: that of a quiet room's microphone.
_SILENT = -60.0
#: Less speech than this holds no word or two.
_LEAST_SPEECH = 0.5
#: Share of the power that lies within a semitone of its peak from which a sound is a tone.
_TONAL = 0.8
_NEARBY = 2 ** (1 / 12)

Floats = npt.NDArray[np.float64]


def judge_quality(sound: Sound, voice: Voice) -> AudioQuality:
    """Measure levels, clipping and noise."""
    samples = sound.samples.astype(np.float64) / 32_768.0
    spoken = np.zeros(len(samples), dtype=bool)
    for interval in voice.intervals:
        spoken[round(interval.start * RATE) : round(interval.end * RATE)] = True
    speech, rest = samples[spoken], samples[~spoken]
    return AudioQuality(
        seconds=round(sound.seconds, 3),
        speech_seconds=round(voice.seconds, 3),
        level_dbfs=round(_level(speech if len(speech) else samples), 1),
        peak_dbfs=round(_decibel(float(np.abs(samples).max(initial=0.0))), 1),
        clipped_share=round(_clipped(sound), 5),
        snr_db=_snr(speech, rest),
    )


def why_not_assessable(sound: Sound, voice: Voice) -> NotAssessableReason | None:
    """Why there is nothing to grade in ``sound``; None where somebody speaks in it."""
    if voice.seconds >= _LEAST_SPEECH:
        return None
    samples = sound.samples.astype(np.float64) / 32_768.0
    if _level(samples) < _SILENT:
        return NotAssessableReason.SILENCE
    if voice.seconds > 0:
        return NotAssessableReason.NO_SPEECH
    return NotAssessableReason.TONE if _is_tone(samples) else NotAssessableReason.NOISE


def _level(samples: Floats) -> float:
    return _decibel(float(np.sqrt(np.mean(samples**2)))) if len(samples) else _FLOOR


def _decibel(amplitude: float) -> float:
    return max(_FLOOR, 20 * math.log10(amplitude)) if amplitude > 0 else _FLOOR


def _clipped(sound: Sound) -> float:
    """Share of the samples that stand at full scale in a row."""
    full = np.abs(sound.samples.astype(np.int32)) >= _FULL
    if not full.any():
        return 0.0
    edges = np.flatnonzero(np.diff(np.concatenate([[False], full, [False]]).astype(np.int8)))
    lengths = edges[1::2] - edges[::2]
    return float(lengths[lengths >= _CUT_IN_A_ROW].sum()) / len(full)


def _snr(speech: Floats, rest: Floats) -> float | None:
    """Level of the speech over the quieter half of the frames without any."""
    frames = rest[: len(rest) // _FRAME * _FRAME].reshape(-1, _FRAME)
    if not len(speech) or len(frames) < 5:
        return None
    power = np.sort(np.mean(frames**2, axis=1))
    noise = math.sqrt(float(np.mean(power[: max(1, len(power) // 2)])))
    return round(_level(speech) - _decibel(noise), 1)


def _is_tone(samples: Floats) -> bool:
    """Tell whether nearly all of the power lies at one pitch."""
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    power[: max(1, 20 * len(samples) // RATE)] = 0.0
    peak = int(np.argmax(power))
    near = power[int(peak / _NEARBY) : int(peak * _NEARBY) + 2]
    return float(near.sum()) > _TONAL * float(power.sum())
