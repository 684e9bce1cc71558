"""The part of an answer that is the writer's own, cut up; no language tool is needed for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grading.domain.criterion import Quote
from grading.domain.work import Prompt, WritingTask, WritingWork
from grading.rubric.observation import QUOTES_SHOWN
from workers.writing.copying import part_copied
from workers.writing.grader_address import Span, blank_out, spans_to_grader
from workers.writing.repetition import find_repetition, words_of
from workers.writing.segments import Sentence, Word, sentences_in
from workers.writing.source_text import SourceText, read

#: Words measured at most: four times a long essay. More adds time and no news.
_MOST_WORDS = 1_200
#: Above this share of capital letters the writer held the key down.
_SHOUTING = 0.6


@dataclass(frozen=True, slots=True)
class OwnText:
    """What is looked at in one answer.

    What addresses the grader, what was said before and sentences of the prompt are
    not in ``source.clean``; every place below counts characters of that text.
    """

    task: WritingTask
    prompt: Prompt
    source: SourceText
    sentences: tuple[Sentence, ...]
    words: tuple[Word, ...]
    is_shouted: bool
    #: Words before repeats were dropped.
    all_words: tuple[Word, ...]
    #: Share of all words that say again what was said.
    repeated_share: float
    #: Repeated sentences, as they were submitted.
    repeated: tuple[Quote, ...]
    #: What addresses the grader, as it was submitted.
    to_grader: tuple[Quote, ...]
    #: Sentences of the prompt, as they were submitted.
    copied: tuple[Quote, ...]
    #: Words after repeats were dropped, before the measuring was cut short.
    word_count: int
    #: The same without the sentences of the prompt.
    own_word_count: int

    @property
    def text(self) -> str:
        """The measured text."""
        return self.source.clean

    @property
    def paragraphs(self) -> int:
        """How many paragraphs hold measured text."""
        return len({sentence.paragraph for sentence in self.sentences})

    def per_hundred(self, count: float) -> float:
        """``count`` in a hundred measured words."""
        return 100.0 * count / len(self.words) if self.words else 0.0

    def quotes(self, spans: Sequence[Span]) -> tuple[Quote, ...]:
        """The first of ``spans``, quoted from the answer as submitted."""
        return tuple(self.source.quote(start, end) for start, end in spans[:QUOTES_SHOWN])

    def sentence_text(self, sentence: Sentence) -> str:
        """The characters of ``sentence``."""
        return self.text[sentence.start : sentence.end]


def read_own_text(work: WritingWork, *, is_spoken: bool = False) -> OwnText:
    """Clean and cut up an answer, or what was written down of one."""
    submitted = read(work.text)
    to_grader = spans_to_grader(submitted.clean, is_spoken=is_spoken)
    said = sentences_in(blank_out(submitted.clean, to_grader))
    repetition = find_repetition(said)
    own, copied = part_copied(repetition.fresh, work.prompt.text)
    source = _shout_down(submitted.keep(_parts(_first(own))))
    sentences = sentences_in(source.clean)
    return OwnText(
        task=work.task,
        prompt=work.prompt,
        source=source,
        sentences=sentences,
        words=words_of(sentences),
        is_shouted=_is_shouted(submitted.clean),
        all_words=words_of(said),
        repeated_share=repetition.share,
        repeated=tuple(
            submitted.quote(sentence.start, sentence.end)
            for sentence in repetition.repeated[:QUOTES_SHOWN]
        ),
        to_grader=tuple(submitted.quote(*span) for span in to_grader[:QUOTES_SHOWN]),
        copied=tuple(
            submitted.quote(sentence.start, sentence.end) for sentence in copied[:QUOTES_SHOWN]
        ),
        word_count=len(words_of(repetition.fresh)),
        own_word_count=len(words_of(own)),
    )


def _first(sentences: tuple[Sentence, ...]) -> tuple[Sentence, ...]:
    total = 0
    for at, sentence in enumerate(sentences):
        total += len(sentence.words)
        if total > _MOST_WORDS and at:
            return sentences[:at]
    return sentences


def _parts(sentences: tuple[Sentence, ...]) -> list[tuple[int, int, str]]:
    paragraph = -1
    parts: list[tuple[int, int, str]] = []
    for sentence in sentences:
        before = " " if sentence.paragraph == paragraph else "\n\n"
        parts.append((sentence.start, sentence.end, before))
        paragraph = sentence.paragraph
    return parts


def _is_shouted(text: str) -> bool:
    letters = [sign for sign in text if sign.isalpha()]
    capitals = sum(1 for sign in letters if sign.isupper())
    return len(letters) > 20 and capitals > _SHOUTING * len(letters)


def _shout_down(source: SourceText) -> SourceText:
    """Put a text in capitals into lower case, no character more or less.

    Taggers take a word in capitals for a name.
    """
    if not _is_shouted(source.clean):
        return source
    signs = [low if len(low := sign.lower()) == 1 else sign for sign in source.clean]
    for sentence in sentences_in(source.clean):
        start = sentence.words[0].start
        signs[start] = source.clean[start]
    return replace(source, clean="".join(signs))
