"""Slips that leave a clause without its subject, its verb, or its main clause."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from workers.writing.slip import Slip, SlipKind, slip_at

#: Verbs that open no command: where one opens a statement, the subject was left out.
#: "Were it so" is a condition.
_NO_COMMAND = frozenset("is are was has does isn't wasn't".split())
#: What a clause follows that needs a subject of its own.
_OPENERS = frozenset("because although but so if while unless whether".split())
#: Words that leave only part of a sentence when no main clause follows.
_DEPENDENT = frozenset("because although whereas unless".split())
#: Verbs that take another verb only after "to", in their finite forms and bare.
_WANTS_TO = frozenset(
    """want decide hope plan agree refuse learn wish expect manage promise afford tend
    prefer start continue like love try""".split()
)
_SUBJECTS = frozenset({"nsubj", "nsubjpass", "expl", "csubj", "csubjpass"})
#: A modal may stand before these, or at the end of what it repeats.
_AFTER_MODAL = frozenset({"VERB", "AUX", "ADV", "PART", "PUNCT", "PRON", "CCONJ", "SCONJ", "INTJ"})
_MODALS = frozenset("can could should would will must may might".split())


def find_clause_slips(parse: Any, tokens: list[list[Any]]) -> Iterator[Slip]:
    """Slips of the clauses in ``tokens``, which are ``parse`` cut into the writer's sentences."""
    for inner in tokens:
        words = [token for token in inner if token.is_alpha or "'" in token.text]
        if len(words) < 3:
            continue
        yield from _missing_subjects(inner, words)
        yield from _left_dependent(inner, words)
    for left, right in pairwise(parse):
        if _lacks_to(left, right):
            yield slip_at(SlipKind.VERB_FORM, left, right)
        if _lacks_verb(left, right):
            yield slip_at(SlipKind.SENTENCE, left, right)


def _missing_subjects(inner: list[Any], words: list[Any]) -> Iterator[Slip]:
    """ "Is not the same", "because is important"."""
    is_question = any(token.text == "?" for token in inner)
    first = words[0]
    is_quoted = first.i > 0 and first.nbor(-1).is_quote
    is_bare = first.lower_ in _NO_COMMAND and not _has_subject(first)
    if is_bare and not is_question and not is_quoted:
        yield slip_at(SlipKind.SENTENCE, first, first)
    for left, right in pairwise(words):
        is_opened = left.lower_ in _OPENERS and right.lower_ in _NO_COMMAND
        if is_opened and not is_question and not _has_subject(right):
            yield slip_at(SlipKind.SENTENCE, left, right)


def _has_subject(finite: Any) -> bool:
    verb = finite.head if finite.dep_ in ("aux", "auxpass") else finite
    # "He is old but is strong": the second verb shares the subject of the first.
    shared = verb.dep_ == "conj" and any(child.dep_ in _SUBJECTS for child in verb.head.children)
    return shared or any(child.dep_ in _SUBJECTS for child in verb.children)


def _left_dependent(inner: list[Any], words: list[Any]) -> Iterator[Slip]:
    """A sentence that is one "because" clause and nothing else."""
    first = words[0]
    if first.lower_ not in _DEPENDENT or first.dep_ != "mark":
        return
    if first.head.dep_ == "ROOT" and not any(token.text in ",?" for token in inner):
        yield slip_at(SlipKind.SENTENCE, first, words[-1])


def _lacks_to(left: Any, right: Any) -> bool:
    """ "we want follow our dreams": a verb after a verb that needs "to" before it."""
    if left.lemma_ not in _WANTS_TO or left.pos_ != "VERB" or left.tag_ == "VBN":
        return False
    return right.tag_ in ("VB", "VBP") and right.pos_ == "VERB" and right.dep_ != "conj"


def _lacks_verb(left: Any, right: Any) -> bool:
    """ "it may the person", "we can not empathy": no verb follows the modal."""
    if left.lower_ not in _MODALS or left.tag_ != "MD" or right.pos_ in _AFTER_MODAL:
        return False
    # A question puts its subject there.
    opens = left.is_sent_start or left.nbor(-1).tag_ in ("WRB", "WP", "WDT", "CC", "RB", ",")
    return right.tag_ in ("DT", "NN", "NNS", "JJ", "CD") and not opens
