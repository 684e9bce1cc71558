"""Clauses: how much each carries, the forms of their verbs, how many are free of error."""

import math
from typing import Any

from grading.rubric.observation import Observation
from workers.writing.answer import Answer
from workers.writing.sentence_slips import is_letter_line

#: A clause is a subject with a verb in one of these forms (Lu 2010).
_FINITE = frozenset({"VBD", "VBP", "VBZ", "MD"})
#: What makes a noun phrase complex (Lu 2010, after Cooper 1976).
_MODIFIERS = frozenset({"amod", "poss", "prep", "relcl", "acl", "appos", "nummod", "compound"})
#: Relations that the parser gives to what it cannot tie to the sentence.
_LOOSE = frozenset({"dep", "parataxis"})
_NOUNS = frozenset({"NOUN", "PROPN"})


def observe_clauses(answer: Answer, tokens: list[list[Any]], slips: list[int]) -> list[Observation]:
    """Length and weight of the clauses, and the share without a slip at one of ``slips``.

    Places are characters of the measured text.
    """
    inner = [
        token
        for sentence, part in zip(answer.sentences, tokens, strict=True)
        if not is_letter_line(answer, sentence)
        for token in part
    ]
    heads = _heads(inner)
    if len(heads) < 3:
        return []
    words = [token for token in inner if token.is_alpha]
    nominals = sum(1 for token in inner if _is_complex(token))
    faulty = {_clause_of(token, heads) for token in inner if token.idx in set(slips)}
    free = 1.0 - len(faulty & heads) / len(heads)
    loose = [token for token in inner if token.dep_ in _LOOSE]
    return [
        Observation(
            "loose_phrases",
            answer.per_hundred(len(loose)),
            quotes=answer.quotes([(token.idx, token.idx + len(token)) for token in loose]),
            details={"count": len(loose)},
        ),
        Observation("verb_form_range", _verb_forms(inner)),
        Observation("clause_length", len(words) / len(heads), details={"count": len(heads)}),
        Observation("complex_nominals", nominals / len(heads), details={"count": nominals}),
        Observation("error_free_clauses", free, details={"percent": 100.0 * free}),
    ]


def _heads(inner: list[Any]) -> set[int]:
    """Places of the verbs that head a clause."""
    finite = [token for token in inner if token.tag_ in _FINITE]
    return {(token.head if token.dep_ in ("aux", "auxpass") else token).i for token in finite}


def _verb_forms(inner: list[Any]) -> float:
    """Different verb phrases by form ("could have been told"), corrected for their number.

    Divided by the root of the number of verbs, as Guiraud's index is.
    """
    forms = [
        (token.tag_, *sorted(_helper(child) for child in token.children if _is_helper(child)))
        for token in inner
        if token.pos_ == "VERB"
    ]
    return len(set(forms)) / math.sqrt(len(forms)) if forms else 0.0


def _is_helper(child: Any) -> bool:
    return child.dep_ in ("aux", "auxpass")


def _helper(child: Any) -> str:
    return str(child.lemma_ if child.tag_ == "MD" else child.tag_)


def _clause_of(token: Any, heads: set[int]) -> int:
    """Place of the verb whose clause ``token`` stands in."""
    while token.i not in heads and token.head is not token and token.head.i != token.i:
        token = token.head
    return int(token.i)


def _is_complex(token: Any) -> bool:
    return token.pos_ in _NOUNS and any(child.dep_ in _MODIFIERS for child in token.children)
