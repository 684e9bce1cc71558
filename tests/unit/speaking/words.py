"""Words with times, without a recording."""

from collections.abc import Sequence

from grading.domain.transcript import SpokenWord
from workers.speaking.timeline import TimedWord, Timeline, timeline


def spoken(
    text: str, *, start: float = 0.0, each: float = 0.3, gap: float = 0.0
) -> list[SpokenWord]:
    """The words of ``text``, one after the other; each ``|`` is a second of silence."""
    words: list[SpokenWord] = []
    at = start
    for part in text.split():
        if part == "|":
            at += 1.0
            continue
        words.append(SpokenWord(part, round(at, 3), round(at + each, 3), 0.9))
        at += each + gap
    return words


class Letters:
    """A dictionary in which each vowel letter is a syllable."""

    def syllables(self, form: str) -> int:
        return max(1, sum(form.count(letter) for letter in "aeiou"))


def line_of(words: Sequence[SpokenWord]) -> Timeline:
    """A timeline by the recogniser's times alone."""
    return timeline(words, (), Letters())


def timed(text: str) -> tuple[TimedWord, ...]:
    """The words of ``text`` in a timeline."""
    return line_of(spoken(text)).words
