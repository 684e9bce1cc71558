"""Neighbours that no English phrase allows: a sign of words thrown together."""

from itertools import pairwise
from typing import Any

from grading.rubric.observation import Observation
from workers.writing.answer import Answer

#: After these a noun phrase must go on.
_DETERMINERS = frozenset("the a an every my your his our their".split())
_PREPOSITIONS = frozenset("of in on at with from for by into".split())
_ENDS = frozenset(".;?!")
#: Penn Treebank tags that can't follow a determiner, a modal, "to" and a preposition.
_AFTER_DETERMINER = frozenset(
    "IN CC VBZ VBP VBD MD DT TO WDT WP PRP PRP$ WRB EX".split()
)  # fmt: skip
_AFTER_MODAL = frozenset("IN VBZ VBD CC DT NNS WDT".split())
_AFTER_TO = frozenset("IN VBZ VBD MD CC TO WDT".split())
_AFTER_PREPOSITION = frozenset("MD VBZ VBP VBD CC TO".split())


def observe_word_order(answer: Answer) -> list[Observation]:
    """Impossible neighbours in a hundred words.

    Learners' texts have less than one, and hardly ever over two; the same texts
    with their words shuffled have four to eight.
    """
    if not answer.words:
        return []
    tokens = list(answer.parse)
    pairs = [
        (token, following)
        for token, following in pairwise(tokens)
        if _is_impossible(token, following)
    ]
    return [
        Observation(
            "broken_phrases",
            answer.per_hundred(len(pairs)),
            quotes=answer.quotes([(left.idx, right.idx + len(right)) for left, right in pairs]),
            details={"count": len(pairs)},
        )
    ]


def _is_impossible(left: Any, right: Any) -> bool:
    word, tag = left.lower_, right.tag_
    if word in _DETERMINERS:
        return (tag in _AFTER_DETERMINER or right.text in _ENDS) and right.lower_ != "such"
    if left.tag_ == "MD":
        return tag in _AFTER_MODAL
    if left.tag_ == "TO":
        return tag in _AFTER_TO
    return word in _PREPOSITIONS and (tag in _AFTER_PREPOSITION or right.text in _ENDS)
