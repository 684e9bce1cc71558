"""How English words are pronounced, by the dictionary that comes with the aligner."""

import re
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Self

#: ARPAbet's vowels; every one is the core of a syllable.
VOWELS = frozenset("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split())

#: All phones that words are made of.
PHONES = tuple(
    """AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW
    V W Y Z ZH""".split()
)

Phones = tuple[str, ...]

#: Within the package, which is not imported for it.
_FILE = "pocketsphinx/model/en-us/cmudict-en-us.dict"

#: Endings that make a form of a known word, and what they add to its phones.
_ENDINGS: tuple[tuple[str, Phones], ...] = (
    ("'s", ("Z",)),
    ("s'", ("Z",)),
    ("es", ("IH", "Z")),
    ("s", ("Z",)),
    ("ed", ("D",)),
    ("d", ("D",)),
    ("ing", ("IH", "NG")),
    ("ly", ("L", "IY")),
)
#: Rough sounds of letters for words that no dictionary has: names, above all. Good enough
#: to step over such a word when a stretch is aligned; its phones are not judged.
_LETTERS = {
    "ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "ng": "NG", "qu": "K W", "ck": "K",
    "ee": "IY", "oo": "UW", "ea": "IY", "ou": "AW", "ow": "OW", "ai": "EY", "ay": "EY",
    "oi": "OY", "oy": "OY", "au": "AO", "aw": "AO", "er": "ER", "or": "AO R", "ar": "AA R",
    "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F", "g": "G", "h": "HH",
    "i": "IH", "j": "JH", "k": "K", "l": "L", "m": "M", "n": "N", "o": "OW", "p": "P",
    "q": "K", "r": "R", "s": "S", "t": "T", "u": "AH", "v": "V", "w": "W", "x": "K S",
    "y": "IY", "z": "Z",
}  # fmt: skip
_LETTER = re.compile("|".join(sorted(_LETTERS, key=len, reverse=True)))


class PronouncingDictionary:
    """Phones of words, in ARPAbet without stress."""

    def __init__(self, look_up: Callable[[str], str | None]) -> None:
        """``look_up`` gives a word's phones with spaces between, or None."""
        self._look_up = look_up
        self._kept = lru_cache(maxsize=20_000)(self._found)

    @classmethod
    def load(cls) -> Self:
        """Read the 135,000 forms of the CMU dictionary that comes with the aligner."""
        return cls(_read(Path(str(distribution("pocketsphinx").locate_file(_FILE)))).get)

    def __contains__(self, form: str) -> bool:
        return self._look_up(form) is not None

    def phones(self, form: str) -> Phones:
        """The phones of ``form``, in lower case; guessed where it is not listed."""
        return self._kept(form)

    def syllables(self, form: str) -> int:
        """How many syllables ``form`` has; at least one."""
        return max(1, sum(1 for phone in self._kept(form) if phone in VOWELS))

    def _found(self, form: str) -> Phones:
        if listed := self._look_up(form):
            return tuple(listed.split())
        for ending, added in _ENDINGS:
            stem = form.removesuffix(ending)
            if stem != form and len(stem) > 1:
                for known in (stem, f"{stem}e"):
                    if listed := self._look_up(known):
                        return (*listed.split(), *added)
        return _guess(form)


def _read(file: Path) -> dict[str, str]:
    """Forms and their first pronunciations; ``form(2)`` is another one of ``form``."""
    lines = file.read_text(encoding="ascii").splitlines()
    return {form: phones for form, _, phones in (line.partition(" ") for line in lines)}


def _guess(form: str) -> Phones:
    silent = form[:-1] if len(form) > 3 and form.endswith("e") else form
    found = [phone for part in _LETTER.findall(silent) for phone in _LETTERS[part].split()]
    return tuple(found) or ("AH",)
