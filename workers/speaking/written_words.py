"""A recogniser's single words as they stand in its text: with punctuation and signs."""

from collections.abc import Sequence

#: How many characters of the text, beside the word itself, a word is looked for in: it comes
#: next but for spaces, signs, and words that have no times.
_REACH = 40


def as_written(words: Sequence[str], text: str) -> list[str]:
    """``words``, which follow each other in ``text``, with the signs beside them there.

    Providers give times to bare words. Where sentences end is told by their text alone.
    """
    found: list[str] = []
    at = 0
    for word in words:
        place = _find(word, text, at)
        if place is None:
            found.append(word)
            continue
        start, end = place, place + len(word)
        while start > at and _is_sign(text[start - 1]):
            start -= 1
        while end < len(text) and _is_sign(text[end]):
            end += 1
        found.append(text[start:end])
        at = end
    return found


def _find(word: str, text: str, at: int) -> int | None:
    """Where ``word`` begins in ``text``, from ``at`` on, as no part of another one."""
    last = at + len(word) + _REACH
    place = text.find(word, at, last) if word else -1
    while place >= 0:
        end = place + len(word)
        begins = place == at or not text[place - 1].isalnum() or not word[0].isalnum()
        ends = end == len(text) or not text[end].isalnum() or not word[-1].isalnum()
        if begins and ends:
            return place
        place = text.find(word, place + 1, last)
    return None


def _is_sign(sign: str) -> bool:
    return not sign.isalnum() and not sign.isspace()
