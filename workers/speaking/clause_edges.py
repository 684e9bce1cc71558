"""Where in an answer clauses begin: between them a pause is natural."""

from typing import Any

from workers.speaking.speech_text import SpeechText
from workers.writing.answer import Answer

#: Relations of words that head a clause, when they are verbs.
_CLAUSES = frozenset("ROOT advcl relcl ccomp csubj acl pcomp xcomp conj parataxis".split())
_VERBS = frozenset({"VERB", "AUX"})
_MARKS = (".", ",", "!", "?", ";", ":")
#: A clause of "to" or of a participle belongs to the one around it, but for a breath there.
_FINITE = frozenset({"VBD", "VBP", "VBZ", "MD"})


def clause_starts(answer: Answer, text: SpeechText) -> frozenset[int]:
    """Places in ``text.words`` of words that begin a clause or follow a mark."""
    starts = {0}
    for at, item in enumerate(text.words[:-1]):
        if item.word.text.endswith(_MARKS):
            starts.add(at + 1)
    for token in answer.parse:
        if token.dep_ in _CLAUSES and token.pos_ in _VERBS and _is_finite(token):
            first = token.left_edge
            starts.add(text.at(answer.source.starts[first.idx]))
    return frozenset(starts)


def _is_finite(verb: Any) -> bool:
    return verb.tag_ in _FINITE or any(child.tag_ in _FINITE for child in verb.children)
