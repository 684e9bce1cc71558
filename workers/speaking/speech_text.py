"""The transcript as a text to measure, and the way back from its characters to the sound."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from grading.domain.criterion import Moment, Quote
from grading.rubric.observation import Observation
from workers.speaking.repairs import Repair
from workers.speaking.timeline import TimedWord, moment

#: A recogniser may leave full stops out. From so many words on, a pause of so many seconds
#: ends a sentence.
_LONG_SENTENCE, _END_OF_SENTENCE = 30, 0.6
_ENDS = (".", "!", "?")


@dataclass(frozen=True, slots=True)
class SpeechText:
    """A transcript's words but those of repairs, written as a text."""

    text: str
    words: tuple[TimedWord, ...]
    #: For each of ``words``, where it starts in ``text``.
    starts: tuple[int, ...]

    def with_moments(self, observation: Observation) -> Observation:
        """``observation`` with seconds of the recording in the place of characters."""
        moments = tuple(map(self.moment_of, observation.quotes))
        return replace(observation, quotes=(), moments=moments)

    def at(self, character: int) -> int:
        """The place in ``words`` of the word that holds a character of ``text``."""
        return max(0, bisect_right(self.starts, character) - 1)

    def words_of(self, quote: Quote) -> Sequence[TimedWord]:
        """The words that ``quote``, whose characters are those of ``text``, lies in."""
        return self.words[self.at(quote.start) : self.at(max(quote.start, quote.end - 1)) + 1]

    def moment_of(self, quote: Quote) -> Moment:
        """When ``quote`` was said."""
        return moment(self.words_of(quote))


def speech_text(words: Sequence[TimedWord], repairs: Sequence[Repair]) -> SpeechText:
    """Write ``words`` down without those that the speaker gave up."""
    given_up = {at for repair in repairs for at in range(repair.first, repair.end)}
    kept = [word for at, word in enumerate(words) if at not in given_up]
    parts: list[str] = []
    starts: list[int] = []
    length = in_sentence = 0
    for at, item in enumerate(kept):
        text = item.word.text
        in_sentence += 1
        is_last = at + 1 == len(kept)
        pause = 0.0 if is_last else kept[at + 1].start - item.end
        if not text.endswith(_ENDS) and (
            is_last or (in_sentence >= _LONG_SENTENCE and pause >= _END_OF_SENTENCE)
        ):
            text = text.rstrip(",;:-") + "."
        if text.endswith(_ENDS):
            in_sentence = 0
        starts.append(length)
        parts.append(text)
        length += len(text) + 1
    return SpeechText(" ".join(parts), tuple(kept), tuple(starts))
