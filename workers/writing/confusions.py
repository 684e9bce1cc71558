"""Words and short phrases that are taken for others: "there" for "their", "more easy"."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from workers.writing.slip import Slip, SlipKind, slip_at

#: Phrases that are wrong wherever they stand; patterns, parted by bars.
_PHRASES = r"""
(?:should|could|would|must|might) of(?! course) | alot | in the other hand
| (?:am|are|is|was|were) (?:agree|disagree|depend) | even thought | growth up
| must (?:need|can|have to) | (?:can|will) (?:can|will|must|should)
| the most of (?:people|students|them) | most of (?:people|students|teenagers)
| (?:he|she|it) don't | (?:we|they|you) (?:was|has|doesn't) | (?<!and )i (?:has|is|are)
| despite of | according with | interested on | in the same time | for to \w+
| (?:the )?others (?:people|things|students) | anothers? (?:people|things|students)
| (?:don't|didn't|doesn't|can't|won't) (?:\w+ )?nothing
| more (?:better|easier|bigger|cheaper|faster|stronger|healthier|happier)
| (?<!do )(?<!does )(?<!did )every(?:one|body) (?:are|have|were|do)
| (?:too |very )?much (?:people|students|things|problems) | less (?:people|students|cars)
"""
_WRONG = re.compile(
    r"\b(?:" + "|".join(part.strip() for part in " ".join(_PHRASES.split()).split(" | ")) + r")\b",
    re.IGNORECASE,
)
#: Adjectives of one syllable or in -y, which take an ending instead of "more".
_SHORT = frozenset(
    """easy big small fast cheap hard happy healthy strong old young long short high low nice busy
    safe clean clear rich poor great good bad""".split()
)
_FINITE = frozenset({"VBZ", "VBP", "VBD", "MD"})
_NOUNS = frozenset({"NN", "NNS"})


def find_confusions(parse: Any) -> Iterator[Slip]:
    """Slips where one word stands for another in ``parse``."""
    for found in _WRONG.finditer(parse.text):
        yield Slip(SlipKind.WORDING, found.start(), found.end())
    for left, right in pairwise(parse):
        if _is_confused(left, right):
            yield slip_at(SlipKind.WORDING, left, right)
        elif left.lower_ == "more" and right.lower_ in _SHORT and not _counts_a_noun(right):
            yield slip_at(SlipKind.COMPARISON, left, right)


def _counts_a_noun(adjective: Any) -> bool:
    """ "more good food": there is more of the food."""
    at = adjective.i + 1
    return at < len(adjective.doc) and adjective.doc[at].tag_ in _NOUNS


def _is_confused(left: Any, right: Any) -> bool:
    word, after = left.lower_, right.lower_
    if word == "their":
        return right.tag_ in ("VBZ", "MD") or after in ("is", "are", "was", "were")
    if word == "there":
        return right.tag_ in _NOUNS and right.dep_ in ("dobj", "pobj") and left.dep_ != "advmod"
    if word == "your":
        return after in ("not", "going", "welcome", "a", "the", "an") or right.tag_ == "MD"
    if word == "you":
        # "for you life".
        is_owner: bool = left.head.i == right.i and right.tag_ in _NOUNS
        return is_owner and right.dep_ in ("pobj", "dobj")
    if word == "to":
        return after in ("much", "many", "late", "expensive", "hard", "difficult", "often")
    if word in ("better", "more", "less", "rather", "other") and after == "then":
        return right.i + 1 < len(right.doc) and right.nbor(1).text not in ",.;"
    if word == "sometime":
        return right.tag_ in (*_FINITE, "PRP", "DT", "EX")
    return (word, after) == ("of", "they")
