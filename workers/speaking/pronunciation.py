"""Pronunciation from sound: how well phones fit, and how clearly words are recognised."""

from collections import defaultdict
from collections.abc import Sequence
from math import log
from statistics import fmean, median, pstdev

from grading.domain.criterion import Moment
from grading.domain.transcript import Transcript
from grading.rubric.observation import QUOTES_SHOWN, Observation
from workers.speaking.alignment import FRAME, AlignedWord, SpokenPhone

#: Fewer phones than this are chance: some four words.
_FEWEST_PHONES = 10
#: A word under this confidence was hard to make out.
_UNCLEAR = 0.6
#: How the commonest troubles are written for a learner: a sound and a word that has it.
_SOUNDS = {
    "AA": "o as in hot", "AE": "a as in cat", "AH": "u as in cup", "AO": "aw as in law",
    "AW": "ow as in now", "AY": "i as in time", "B": "b", "CH": "ch as in chair", "D": "d",
    "DH": "th as in this", "EH": "e as in bed", "ER": "er as in her", "EY": "ay as in day",
    "F": "f", "G": "g", "HH": "h", "IH": "i as in sit", "IY": "ee as in see", "JH": "j as in job",
    "K": "k", "L": "l", "M": "m", "N": "n", "NG": "ng as in sing", "OW": "o as in go",
    "OY": "oy as in boy", "P": "p", "R": "r", "S": "s", "SH": "sh as in she", "T": "t",
    "TH": "th as in think", "UH": "oo as in good", "UW": "oo as in too", "V": "v", "W": "w",
    "Y": "y", "Z": "z", "ZH": "s as in measure",
}  # fmt: skip
#: A sound is named when it came up at least so often.
_OFTEN = 3
_SOUNDS_NAMED = 3


def observe_pronunciation(
    transcript: Transcript, aligned: Sequence[AlignedWord]
) -> list[Observation]:
    """Fit, clarity and evenness of sounds; nothing where too little could be aligned."""
    words = [word for word in aligned if word.is_listed]
    phones = [phone for word in words for phone in word.phones]
    if len(phones) < _FEWEST_PHONES:
        return []
    lengths = [max(FRAME, phone.end - phone.start) for phone in phones]
    worst = sorted(words, key=lambda word: -_misfit(word.phones))
    sounds = _sounds(phones)
    heard = fmean(phone.heard for phone in phones)
    found = [
        Observation(
            "phone_misfit",
            median(phone.misfit for phone in phones),
            moments=tuple(map(_moment, worst[:QUOTES_SHOWN])),
            details={"sounds": ", ".join(sounds) or "none", "count": len(phones)},
        ),
        Observation("phones_heard", heard, details={"percent": 100 * heard}),
        Observation("uneven_phones", pstdev(map(log, lengths))),
        Observation("drawn_sounds", _ninth_tenth(lengths)),
        _clarity(transcript),
    ]
    if transcript.language_confidence is not None:
        found.append(Observation("english_sound", transcript.language_confidence))
    return found


def _clarity(transcript: Transcript) -> Observation:
    confidences = [word.confidence for word in transcript.words]
    unclear = sorted(
        (word for word in transcript.words if word.confidence < _UNCLEAR),
        key=lambda word: (word.confidence, word.start),
    )
    return Observation(
        "word_clarity",
        fmean(confidences),
        moments=tuple(Moment(word.text, word.start, word.end) for word in unclear[:QUOTES_SHOWN]),
        details={
            "percent": 100 * fmean(confidences),
            "count": len(unclear),
            "unclear_percent": 100 * len(unclear) / len(confidences),
        },
    )


def _ninth_tenth(lengths: Sequence[float]) -> float:
    """The length that a tenth of the sounds reach."""
    return sorted(lengths)[int(0.9 * (len(lengths) - 1) + 0.5)]


def _misfit(phones: Sequence[SpokenPhone]) -> float:
    frames = sum(phone.end - phone.start for phone in phones)
    return sum(phone.misfit * (phone.end - phone.start) for phone in phones) / max(0.01, frames)


def _sounds(phones: Sequence[SpokenPhone]) -> list[str]:
    """The sounds that fit worst, of those that came up often enough."""
    by_name: dict[str, list[float]] = defaultdict(list)
    for phone in phones:
        by_name[phone.name].append(phone.misfit)
    often = {name: median(found) for name, found in by_name.items() if len(found) >= _OFTEN}
    typical = median(often.values()) if often else 0.0
    worst = sorted((name for name in often if often[name] > typical), key=lambda n: (-often[n], n))
    return [_SOUNDS[name] for name in worst[:_SOUNDS_NAMED]]


def _moment(word: AlignedWord) -> Moment:
    return Moment(word.word.text, word.phones[0].start, word.phones[-1].end)
