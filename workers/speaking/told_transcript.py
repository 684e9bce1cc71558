"""What a provider tells of a recording, read as a transcript."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from math import exp
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from grading.domain.transcript import SpokenWord, Transcript
from workers.providers.faults import AnswerBreaksSchema, AnswerUnfounded, ResponseMalformed
from workers.providers.schema import places_of
from workers.speaking.guards import guard
from workers.speaking.languages import language_code
from workers.speaking.voice import Voice
from workers.speaking.whisper import LOG_PROBABILITY, NO_SPEECH
from workers.speaking.written_words import as_written

#: Words may begin so many seconds before the one before them: recognisers' times stray.
_STRAY = 1.0
#: Where more than this share of the words, and more than a few, are said at times that can't
#: be, the times of the others are worth nothing either.
_MOST_OUTSIDE, _FEW = 0.2, 2
#: Nobody says more words in a second, nor do loops of a recogniser.
_MOST_WORDS_A_SECOND, _ANY_WORDS = 12, 20
#: In less speech than this there may be no word, in seconds.
_MAY_BE_NO_WORD = 3.0

_Number = Annotated[float, Field(allow_inf_nan=False)]
_NUL = "\0"


class _Word(BaseModel):
    word: str = Field(max_length=100)
    start: _Number
    end: _Number
    #: Servers of one's own tell it, OpenAI does not.
    probability: Annotated[_Number | None, Field(ge=0, le=1)] = None


class _Segment(BaseModel):
    start: _Number
    end: _Number
    avg_logprob: _Number | None = None
    no_speech_prob: _Number | None = None
    #: Where some servers have all of them.
    words: list[_Word] | None = None

    @property
    def is_silent(self) -> bool:
        """Whether it is taken for silence, by the bounds that Whisper has for it."""
        return (
            self.no_speech_prob is not None
            and self.avg_logprob is not None
            and self.no_speech_prob > NO_SPEECH
            and self.avg_logprob < LOG_PROBABILITY
        )


class _Told(BaseModel):
    text: str
    language: str = Field(max_length=50)
    words: list[_Word] | None = None
    segments: list[_Segment] | None = None


def reader_of(seconds: float, voice: Voice, engine: str) -> Callable[[str], Transcript]:
    """Reads what is told of ``seconds`` of sound with this ``voice`` in it.

    The reader raises:
        AnswerBreaksSchema: words, times or a language are missing, or are none.
        AnswerUnfounded: too many words are said when nobody can have said them.
        ResponseMalformed: there is nothing in it, though somebody speaks.
    """

    def read(content: str) -> Transcript:
        try:
            told = _Told.model_validate_json(content, strict=True)
        except ValidationError as error:
            raise AnswerBreaksSchema(places_of(error)) from None
        language = language_code(told.language)
        if language is None:
            raise AnswerBreaksSchema("its language is none that is known")
        if _NUL in told.text:
            raise AnswerBreaksSchema("its text holds signs that are none")
        words = _words(told)
        if not words and voice.seconds >= _MAY_BE_NO_WORD:
            raise ResponseMalformed(f"no word was heard in {voice.seconds:.0f} s of speech")
        said = _said(_inside(words, seconds), told, seconds)
        return Transcript(guard(said, voice).words, language, None, engine)

    return read


def _words(told: _Told) -> list[_Word]:
    words = told.words
    if not words:
        words = [word for segment in told.segments or () for word in segment.words or ()]
    if not words and told.text.strip():
        raise AnswerBreaksSchema("its words have no times")
    return words


def _inside(words: Sequence[_Word], seconds: float) -> list[_Word]:
    """The words that are said within ``seconds``, one after the other."""
    if len(words) > _MOST_WORDS_A_SECOND * seconds + _ANY_WORDS:
        raise AnswerUnfounded(f"{len(words)} words in {seconds:.0f} s")
    kept: list[_Word] = []
    last = 0.0
    for word in words:
        if last - _STRAY <= word.start < seconds and word.start <= word.end and word.end > 0:
            kept.append(word)
            last = max(last, word.start)
    lost = len(words) - len(kept)
    if lost > _FEW and lost > _MOST_OUTSIDE * len(words):
        raise AnswerUnfounded(f"{lost} of {len(words)} words lie outside of the recording")
    return kept


def _said(words: Sequence[_Word], told: _Told, seconds: float) -> list[SpokenWord]:
    """``words`` as spoken ones, without those where nobody speaks by the provider's own word."""
    segments = sorted(told.segments or (), key=lambda segment: segment.start)
    starts = [segment.start for segment in segments]
    written = as_written([word.word.strip() for word in words], told.text)
    said: list[SpokenWord] = []
    for word, text in zip(words, written, strict=True):
        middle = (word.start + word.end) / 2
        # The last one that has begun; times of segments and words needn't agree.
        segment = segments[max(0, bisect_right(starts, middle) - 1)] if segments else None
        if segment is None or not segment.is_silent:
            said += _parts(word, text, _confidence(word, segment), seconds)
    return said


def _parts(word: _Word, text: str, confidence: float, seconds: float) -> Iterator[SpokenWord]:
    """What is printable of a word; two that are told as one share its time."""
    texts = ["".join(sign for sign in part if sign.isprintable()) for part in text.split()]
    texts = [part for part in texts if part]
    start, end = max(0.0, word.start), min(seconds, word.end)
    each = (end - start) / len(texts) if texts else 0.0
    for at, part in enumerate(texts):
        begins, ends = start + at * each, start + (at + 1) * each
        yield SpokenWord(part, round(begins, 2), round(ends, 2), confidence)


def _confidence(word: _Word, segment: _Segment | None) -> float:
    """Of the word, or the mean of its segment's tokens."""
    if word.probability is not None:
        return round(word.probability, 4)
    if segment is None or segment.avg_logprob is None:
        raise AnswerBreaksSchema("its words have no confidence")
    return round(exp(min(0.0, segment.avg_logprob)), 4)
