"""Words, sentences and paragraphs, by spelling and punctuation alone."""

import re
from bisect import bisect_left
from dataclasses import dataclass

#: Letters with inner apostrophes and hyphens. Digits alone are no word.
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
#: Scripts written without spaces: each sign counts as a word.
_SPACELESS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
_TOKEN = re.compile(f"{_SPACELESS.pattern}|{_WORD.pattern}")
_END = re.compile(r"""[.!?\u3002]+["')\]]*(?=\s|$)|\n\n""")
_ABBREVIATION = re.compile(r"(?:^|\W)(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|vs|etc|e\.g|i\.e|a\.m|p\.m)\.$")


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its place in the clean text."""

    start: int
    end: int
    #: In lower case.
    form: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """What stands between two ends of sentences; the writer's own, right or wrong."""

    start: int
    end: int
    #: Which paragraph it is in, counted from 0.
    paragraph: int
    words: tuple[Word, ...]


def words_in(text: str, start: int = 0, end: int | None = None) -> tuple[Word, ...]:
    """The words of ``text`` between two places."""
    stop = len(text) if end is None else end
    return tuple(
        Word(found.start(), found.end(), found.group().lower())
        for found in _TOKEN.finditer(text, start, stop)
    )


def sentences_in(text: str) -> tuple[Sentence, ...]:
    """Cut ``text`` into sentences; stretches without a word belong to none."""
    words = words_in(text)
    starts = [word.start for word in words]
    sentences: list[Sentence] = []
    at = paragraph = 0
    for stop in [*_ends(text), len(text)]:
        inner = words[bisect_left(starts, at) : bisect_left(starts, stop)]
        if inner:
            first = at + len(text[at:stop]) - len(text[at:stop].lstrip())
            last = at + len(text[at:stop].rstrip())
            sentences.append(Sentence(first, last, paragraph, inner))
        if text.startswith("\n\n", stop) and sentences:
            paragraph = sentences[-1].paragraph + 1
        at = stop
    return tuple(sentences)


def _ends(text: str) -> list[int]:
    ends: list[int] = []
    for found in _END.finditer(text):
        if found.group() == "\n\n":
            ends.append(found.start())
        elif not _ABBREVIATION.search(text, max(0, found.start() - 6), found.start() + 1):
            ends.append(found.end())
    return ends
