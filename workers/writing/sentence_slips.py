"""Slips of whole sentences: fragments, comma splices, run-ons."""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

from workers.writing.answer import Answer
from workers.writing.segments import Sentence
from workers.writing.slip import Slip, SlipKind

#: Longer sentences lose the reader, however they are built.
LONGEST_SENTENCE = 45
_FINITE = frozenset({"VBD", "VBP", "VBZ", "MD", "VB"})
_SUBJECT_STARTS = frozenset("i you he she it we they this there".split())


def tokens_of(answer: Answer) -> list[list[Any]]:
    """The tokens of the parse that lie in each of the answer's sentences."""
    places = [token.idx for token in answer.parse]
    tokens = list(answer.parse)
    return [
        tokens[bisect_left(places, sentence.start) : bisect_left(places, sentence.end)]
        for sentence in answer.sentences
    ]


def find_sentence_slips(answer: Answer, tokens: list[list[Any]]) -> Iterator[Slip]:
    """Fragments and comma splices; greetings and signatures of a letter are neither."""
    for sentence, inner in zip(answer.sentences, tokens, strict=True):
        if is_letter_line(answer, sentence):
            continue
        if not any(token.tag_ in _FINITE for token in inner):
            yield Slip(SlipKind.SENTENCE, sentence.start, sentence.end)
            continue
        for at in _splices(inner):
            start = inner[max(0, at - 1)]
            end = inner[min(len(inner) - 1, at + 1)]
            yield Slip(SlipKind.SENTENCE, start.idx, end.idx + len(end))


def is_letter_line(answer: Answer, sentence: Sentence) -> bool:
    """Tell whether a sentence is a short line by itself: a greeting, a name, a title."""
    ends_open = answer.text[sentence.end - 1] not in ".!?"
    return len(sentence.words) < (10 if ends_open else 3)


def _splices(inner: list[Any]) -> Iterator[int]:
    """Places of commas that join two sentences by themselves."""
    for at, token in enumerate(inner[1:-2], start=1):
        if token.text != "," or inner[at + 1].lower_ not in _SUBJECT_STARTS:
            continue
        subject = inner[at + 1]
        verb = subject.head
        if subject.dep_ not in ("nsubj", "nsubjpass", "expl") or verb.i < subject.i:
            continue
        if _has_opener(verb, verb.i) or verb.dep_ in ("relcl", "advcl", "acl"):
            continue
        earlier = [other for other in inner[:at] if other.tag_ in ("VBD", "VBP", "VBZ", "MD")]
        # "Were it so, they would": an opening verb is a condition, as "if" is.
        starts_with_clause = inner[0].tag_ in ("IN", "WRB", "RB", "CC", "VBD", "MD")
        quoted = any(other.is_quote for other in inner[: at + 1])
        follows_main = bool(earlier) and not _is_subordinate(earlier[-1])
        if follows_main and not starts_with_clause and not quoted:
            yield at


def _has_opener(verb: Any, before: int) -> bool:
    return any(child.dep_ in ("mark", "cc") and child.i < before for child in verb.children)


def _is_subordinate(token: Any) -> bool:
    """Tell whether a finite verb stands in a clause that an opener leads."""
    verb = token.head if token.dep_ in ("aux", "auxpass") else token
    return verb.dep_ in ("advcl", "relcl", "acl", "csubj") or _has_opener(verb, verb.i)


def run_on_words(answer: Answer) -> int:
    """Words in sentences that are too long to follow."""
    return sum(
        len(sentence.words)
        for sentence in answer.sentences
        if len(sentence.words) > LONGEST_SENTENCE
    )
