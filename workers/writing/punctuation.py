"""Slips of punctuation and capital letters."""

import re

from workers.writing.answer import Answer
from workers.writing.spelling import Lint

Span = tuple[int, int]

_MISSING_APOSTROPHE = re.compile(
    r"\b(?:dont|doesnt|didnt|cant|wont|isnt|arent|wasnt|werent|couldnt|shouldnt|wouldnt|hasnt"
    r"|havent|im|ive|youre|theyre|thats|whats|lets)\b",
    re.IGNORECASE,
)
_PATTERNS = (
    re.compile(r"\bi\b(?=[ ,'](?!\.))"),
    re.compile(r" (?=[,;:!?](?: |$))|(?<=\w) \.(?= |$)"),
    re.compile(r"(?<=[a-z])[,;](?=[A-Za-z])|(?<=[a-z][a-z])[.!?](?=[A-Z][a-z])"),
    re.compile(r"([!?,])\1+"),
)
_LINTS = frozenset({"Punctuation", "Capitalization"})


def find_punctuation_slips(answer: Answer, lints: tuple[Lint, ...]) -> tuple[Span, ...]:
    """Places of slips, in order, one a place.

    In a text written all in capitals, letters say nothing: the whole counts as one
    slip in each twenty words instead.
    """
    text = answer.text
    spans = [found.span() for found in _MISSING_APOSTROPHE.finditer(text)]
    for pattern in _PATTERNS[1 if answer.is_shouted else 0 :]:
        spans += [found.span() for found in pattern.finditer(text)]
    if answer.is_shouted:
        spans += [(word.start, word.end) for word in answer.words[::20]]
    else:
        spans += [(item.start, item.end) for item in lints if item.kind in _LINTS]
        spans += _small_starts(answer)
    spans += _open_ends(answer)
    return tuple(_apart(spans))


def _small_starts(answer: Answer) -> list[Span]:
    starts = [sentence.words[0] for sentence in answer.sentences]
    return [(word.start, word.end) for word in starts if answer.text[word.start].islower()]


def _open_ends(answer: Answer) -> list[Span]:
    """Paragraphs of some length that end without a full stop."""
    lasts = {sentence.paragraph: sentence for sentence in answer.sentences}
    return [
        (sentence.words[-1].start, sentence.end)
        for sentence in lasts.values()
        if len(sentence.words) > 5 and answer.text[sentence.end - 1] not in ".!?:\"')"
    ]


def _apart(spans: list[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in sorted(set(spans)):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept
