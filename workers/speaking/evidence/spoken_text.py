"""What a model is shown of a spoken answer, and the way from there back to the sound."""

from dataclasses import dataclass
from typing import Self

from grading.domain.criterion import Quote
from grading.domain.work import SpeakingPart, SpeakingWork
from workers.speaking.speech_text import SpeechText
from workers.speaking.wording import own_words
from workers.writing.own_text import OwnText

#: Under this confidence a word is as likely as not another one that was said.
_SURE = 0.5


@dataclass(frozen=True, slots=True)
class SpokenText:
    """The speaker's own words as a text, whose quotes count characters of ``speech.text``."""

    part: SpeakingPart
    speech: SpeechText
    #: Without what addresses the grader, was said before or is the task's own.
    own: OwnText

    @classmethod
    def of(cls, work: SpeakingWork, speech: SpeechText) -> Self:
        """What was said as an answer to the prompt of ``work``."""
        return cls(work.part, speech, own_words(speech, work))

    def is_surely(self, quote: Quote) -> bool:
        """Whether the recogniser was sure enough of each word of ``quote``."""
        return all(item.word.confidence >= _SURE for item in self.speech.words_of(quote))
