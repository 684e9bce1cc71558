"""Places where a speaker begins again: words said twice in a row, and words broken off."""

from collections.abc import Sequence
from dataclasses import dataclass

from workers.speaking.timeline import TimedWord

#: Words of a start that is taken up again ("I want to, I want to").
_LONGEST = 4
#: What is said twice on purpose.
_DOUBLED = frozenset("very really so much many more had that bye no yes ha again far long".split())


@dataclass(frozen=True, slots=True)
class Repair:
    """The words from ``first`` to before ``end`` are given up; what follows says them anew."""

    first: int
    end: int


def find_repairs(words: Sequence[TimedWord]) -> tuple[Repair, ...]:
    """Restarts in ``words``, which never overlap."""
    forms = [item.word.text.lower().strip(".,!?;:\"'") for item in words]
    found: list[Repair] = []
    at = 0
    while at < len(forms):
        size = _restarted(forms, at)
        if size or _is_broken_off(words[at].word.text):
            found.append(Repair(at, at + max(1, size)))
        at += max(1, size)
    return tuple(found)


def _restarted(forms: Sequence[str], at: int) -> int:
    """How many words from ``at`` are said again at once; 0 for none."""
    for size in range(_LONGEST, 0, -1):
        first, second = forms[at : at + size], forms[at + size : at + 2 * size]
        if len(second) == size and first == second and not _DOUBLED.issuperset(first):
            return size
    return 0


def _is_broken_off(text: str) -> bool:
    return text.endswith(("-", "\u2014", "\u2013")) and len(text) > 1
