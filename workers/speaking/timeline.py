"""When each word was said, and the gaps between them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from grading.domain.criterion import Moment
from grading.domain.transcript import SpokenWord
from workers.speaking.alignment import AlignedWord
from workers.speaking.spoken_forms import spoken_forms

#: Gaps from here on are pauses (De Jong and Bosker 2013: 250 ms tell fluency best). A gap may
#: be silent or filled: recognisers leave out what is hummed.
SHORTEST_PAUSE = 0.25


class Syllables(Protocol):
    """Knows how words are said."""

    def syllables(self, form: str) -> int:
        """How many syllables a word in lower case has; at least one."""


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word with the best times that are known of it, in seconds of the recording."""

    word: SpokenWord
    start: float
    end: float
    syllables: int


@dataclass(frozen=True, slots=True)
class Pause:
    """A gap between two words, from SHORTEST_PAUSE on."""

    start: float
    end: float
    #: The place in the timeline of the word after it.
    before: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Timeline:
    """All words of an answer in the order they were said."""

    words: tuple[TimedWord, ...]
    pauses: tuple[Pause, ...]

    @property
    def seconds(self) -> float:
        """From the first word's start to the last one's end; 0 where there are none."""
        return self.words[-1].end - self.words[0].start if self.words else 0.0

    @property
    def syllables(self) -> int:
        """Of all words."""
        return sum(word.syllables for word in self.words)


def timeline(
    words: Sequence[SpokenWord], aligned: Iterable[AlignedWord], syllables: Syllables
) -> Timeline:
    """Put the aligner's times, which are finer, in the place of the recogniser's."""
    phones = {id(item.word): item.phones for item in aligned}
    timed: list[TimedWord] = []
    for word in words:
        forms = spoken_forms(word)
        if not forms:
            continue
        inner = phones.get(id(word))
        start, end = (inner[0].start, inner[-1].end) if inner else (word.start, word.end)
        start = max(start, timed[-1].end) if timed else start
        count = sum(syllables.syllables(form) for form in forms)
        timed.append(TimedWord(word, start, max(start, end), count))
    return Timeline(tuple(timed), tuple(_pauses(timed)))


def _pauses(words: Sequence[TimedWord]) -> Iterable[Pause]:
    for at, (earlier, later) in enumerate(pairwise(words), start=1):
        if later.start - earlier.end >= SHORTEST_PAUSE:
            yield Pause(earlier.end, later.start, at)


def moment(words: Sequence[TimedWord]) -> Moment:
    """The stretch that ``words``, which follow each other, were said in."""
    text = " ".join(item.word.text for item in words)
    return Moment(text, round(words[0].start, 2), round(words[-1].end, 2))
