"""Words and short phrases that are taken for others: "there" for "their", "more easy"."""

import re
from collections.abc import Iterator
from typing import Any

from workers.writing.slip import Slip, SlipKind, slip_at

#: Phrases that are wrong wherever they stand.
_WRONG = re.compile(
    r"\b(?:(?:should|could|would|must|might) of(?! course)|a lots? of (?:of)|alot|in the other hand"
    r"|(?:am|are|is|was|were) (?:agree|disagree|depend)|even thought|must (?:need|can|have to)"
    r"|(?:can|will) (?:can|will|must|should)|the most of (?:people|students|them)"
    r"|most of (?:people|students|teenagers)|(?:he|she|it) don't|(?:we|they|you) (?:was|has|doesn't)"
    r"|i (?:has|is|are|were been)|despite of|according with|depends? of|interested on|good in (?:math"
    r"|english)|growth up|since (?:one|two|three|many|\d+) (?:days|months|years)|how (?:it|he|she|they)"
    r" (?:looks?|called) like|the others people|others (?:people|things|students)|anothers?"
    r" (?:people|things|students)|(?:don't|didn't|doesn't|can't|won't|not) (?:\w+ )?nothing|what it's"
    r" called like|more better|more easier|every(?:one|body) (?:are|have|were|do)|some(?:one|body) (?:are|have|were)"
    r"|by the way of|for to \w+|(?:too|very) much (?:people|students|things)|much (?:people"
    r"|students|things|problems)|less (?:people|students|things|problems|cars))\b",
    re.IGNORECASE,
)  # fmt: skip
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
    for left, right in zip(parse, parse[1:], strict=False):
        if _is_confused(left, right):
            yield slip_at(SlipKind.WORDING, left, right)
        elif left.lower_ == "more" and right.lower_ in _SHORT and right.dep_ != "compound":
            # "more good food" counts the food.
            if right.i + 1 >= len(parse) or parse[right.i + 1].tag_ not in _NOUNS:
                yield slip_at(SlipKind.COMPARISON, left, right)


def _is_confused(left: Any, right: Any) -> bool:
    word, after = left.lower_, right.lower_
    if word == "their":
        return right.tag_ in ("VBZ", "MD") or after in ("is", "are", "was", "were")
    if word == "there":
        return right.tag_ in _NOUNS and right.dep_ in ("dobj", "pobj") and left.dep_ != "advmod"
    if word == "your":
        return after in ("not", "going", "welcome", "a", "the", "an") or right.tag_ == "MD"
    if word == "you":
        return right.tag_ in _NOUNS and left.head == right and right.dep_ in ("pobj", "dobj")
    if word == "to":
        return after in ("much", "many", "late", "expensive", "hard", "difficult", "often")
    if word in ("better", "more", "less", "rather", "other") and after == "then":
        return right.i + 1 < len(right.doc) and right.nbor(1).text not in ",.;"
    if word in ("of", "the", "a", "in") and after in ("there", "they", "he", "she", "we"):
        return word == "the" or (word == "of" and after == "they")
    return word == "sometime" and right.tag_ in (*_FINITE, "PRP", "DT", "EX")
