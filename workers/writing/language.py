"""Which words are English, judged by the words around them."""

from functools import lru_cache
from typing import Protocol

import numpy as np

from workers.writing.segments import Word

#: The languages an answer is told apart from: the candidates' own, and those whose
#: letters English shares.
LANGUAGES = ("en", "vi", "es", "fr", "de", "pt", "id")
#: Words to each side that help decide about one.
_REACH = 3
#: Zipf value (log10 of uses in a billion words) given to a word that a language's
#: list lacks, so that one unknown word does not decide.
_FLOOR = 1.5
#: By how much, in Zipf units summed over the window, another language must win.
_MARGIN = 1.0
_FOREIGN_SCRIPT = 6.0


class Frequency(Protocol):
    """Zipf value of a word in a language; 0 when it is not listed."""

    def __call__(self, word: str, lang: str, wordlist: str = ...) -> float: ...


class LanguageOfWords:
    """Tells English words by comparing word frequencies over a short window."""

    def __init__(self, frequency: Frequency) -> None:
        self._frequency = frequency
        self._profile = lru_cache(maxsize=50_000)(self._measure)

    def english(self, words: tuple[Word, ...]) -> tuple[bool, ...]:
        """Tell for each word whether it is English where it stands."""
        if not words:
            return ()
        profiles = np.array([self._profile(word.form) for word in words])
        sums = np.cumsum(np.vstack([np.zeros(len(LANGUAGES)), profiles]), axis=0)
        at = np.arange(len(words))
        first = np.maximum(at - _REACH, 0)
        last = np.minimum(at + _REACH + 1, len(words))
        windows = sums[last] - sums[first]
        wins = windows[:, 0] + _MARGIN >= windows[:, 1:].max(axis=1)
        return tuple(bool(win) for win in wins)

    def _measure(self, form: str) -> tuple[float, ...]:
        if not _is_latin(form):
            return (_FLOOR, _FOREIGN_SCRIPT, *[_FLOOR] * (len(LANGUAGES) - 2))
        values = [self._frequency(form, "en")]
        values += [self._frequency(form, language, "small") for language in LANGUAGES[1:]]
        return tuple(max(_FLOOR, value) for value in values)


def _is_latin(form: str) -> bool:
    #: Latin letters end at U+024F; Vietnamese has a block of its own.
    return all(sign < "\u0250" or "\u1e00" <= sign <= "\u1eff" or sign in "'-" for sign in form)
