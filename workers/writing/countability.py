"""Which nouns are counted: those whose plural is in use beside their singular."""

from workers.writing.models import Lexicon


def plural_of(noun: str) -> str:
    """The regular plural of an English noun in lower case."""
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in tuple("aeiou"):
        return noun[:-1] + "ies"
    return noun + "s"


def is_countable(noun: str, lexicon: Lexicon, least: float) -> bool:
    """Tell whether the plural is at least ``least`` times as frequent as the singular.

    "students" is about as frequent as "student"; "informations" is rare beside
    "information".
    """
    single = lexicon.zipf(noun)
    plural = lexicon.zipf(plural_of(noun))
    return plural > 0 and single > 0 and 10 ** (plural - single) >= least
