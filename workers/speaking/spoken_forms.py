"""Words of a transcript as they are said: lower case, numbers spelled out."""

import re

from grading.domain.transcript import SpokenWord

_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen""".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_GROUPS = ((1_000_000_000, "billion"), (1_000_000, "million"), (1_000, "thousand"))
#: Longer numbers are read digit by digit.
_LARGEST = 10**12
_SIGNS = {"%": "percent", "$": "dollars", "&": "and", "+": "plus", "£": "pounds", "€": "euros"}
_PART = re.compile(r"[a-z]+(?:'[a-z]+)*|\d+|[%$&+£€]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3})")
_YEAR = re.compile(r"(?:1[1-9]|20)\d\d")


def spoken_forms(word: SpokenWord) -> tuple[str, ...]:
    """What is said for ``word``; empty for one without a letter, a digit or a sign."""
    written = word.text.lower().replace("\u2019", "'")
    plain = _THOUSANDS.sub("", written)
    # Years are written without a comma.
    may_be_year = plain == written
    forms: list[str] = []
    for part in _PART.findall(plain):
        if part.isdigit():
            forms += _number(part, may_be_year=may_be_year)
        else:
            forms.append(_SIGNS.get(part, part))
    return tuple(forms)


def _number(digits: str, *, may_be_year: bool) -> list[str]:
    value = int(digits)
    if value >= _LARGEST or (digits[0] == "0" and len(digits) > 1):
        return [_ONES[int(digit)] for digit in digits]
    if may_be_year and _YEAR.fullmatch(digits) and value % 100 >= 10:
        return [*_below_hundred(value // 100), *_below_hundred(value % 100)]
    words: list[str] = []
    for size, name in _GROUPS:
        if value >= size:
            words += [*_below_thousand(value // size), name]
            value %= size
    return words + (_below_thousand(value) if value or not words else [])


def _below_thousand(value: int) -> list[str]:
    if value < 100:
        return _below_hundred(value)
    rest = value % 100
    return [_ONES[value // 100], "hundred", *(_below_hundred(rest) if rest else [])]


def _below_hundred(value: int) -> list[str]:
    if value < 20:
        return [_ONES[value]]
    return [_TENS[value // 10 - 2], *([_ONES[value % 10]] if value % 10 else [])]
