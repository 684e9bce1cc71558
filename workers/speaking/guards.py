"""Guards against what a recogniser makes up: text where nobody speaks, and loops.

Whisper invents words on noise and silence and falls into loops (Koenecke et al. 2024,
"Careless Whisper"). What a speaker really says twice is kept: it is heard and takes time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from grading.domain.transcript import SpokenWord
from workers.speaking.voice import Voice

#: Seconds around a word in which speech may speak for it: the recogniser's times stray.
_REACH = 0.2
#: Share of that stretch which has to be speech.
_LEAST_SPEECH = 0.1
#: Longest run of words that a loop repeats, and how often in a row it must be to be one.
_LONGEST_TURN = 8
_TURNS = 4
#: Nobody says a word in less time, on average over the words of a turn.
_SHORTEST_WORD = 0.09
#: A turn that is so unsure was not heard.
_UNSURE = 0.4


@dataclass(frozen=True, slots=True)
class Guarded:
    """What is left of a recogniser's words."""

    #: Those that somebody can be heard to say.
    words: tuple[SpokenWord, ...]
    #: The recogniser fell into a loop, and may have lost what was said meanwhile.
    is_looped: bool


def guard(words: Sequence[SpokenWord], voice: Voice) -> Guarded:
    """Drop the words that nobody can be heard to say."""
    heard = [word for word in words if _is_heard(word, voice)]
    kept = _without_loops(heard)
    return Guarded(tuple(kept), len(kept) < len(heard))


def _is_heard(word: SpokenWord, voice: Voice) -> bool:
    return voice.share(word.start - _REACH, word.end + _REACH) >= _LEAST_SPEECH


def _without_loops(words: list[SpokenWord]) -> list[SpokenWord]:
    """Drop the later turns of a loop that nobody can have said."""
    kept: list[SpokenWord] = []
    at = 0
    while at < len(words):
        size, turns = _loop_at(words, at)
        if turns < _TURNS:
            kept.append(words[at])
            at += 1
            continue
        for turn in range(turns):
            part = words[at + turn * size : at + (turn + 1) * size]
            if turn == 0 or _is_said(part):
                kept += part
        at += turns * size
    return kept


def _loop_at(words: list[SpokenWord], at: int) -> tuple[int, int]:
    """Words of a turn and the number of turns of the longest loop that begins here."""
    best = (1, 1)
    for size in range(1, _LONGEST_TURN + 1):
        first = [_form(word) for word in words[at : at + size]]
        turns = 1
        while [_form(w) for w in words[at + turns * size : at + (turns + 1) * size]] == first:
            turns += 1
        if len(first) == size and turns * size > best[0] * best[1] and turns >= _TURNS:
            best = (size, turns)
    return best


def _form(word: SpokenWord) -> str:
    return word.text.lower().strip(".,!?;:\"'")


def _is_said(part: Sequence[SpokenWord]) -> bool:
    length = sum(word.end - word.start for word in part) / len(part)
    sureness = sum(word.confidence for word in part) / len(part)
    return length >= _SHORTEST_WORD and sureness >= _UNSURE
