"""Texts with numbers in them, as a reader expects them."""

import string
from collections.abc import Mapping


class _PhraseFormatter(string.Formatter):
    def format_field(self, value: float | str, format_spec: str) -> str:
        if isinstance(value, str):
            return value
        if "|" in format_spec:
            one, _, many = format_spec.partition("|")
            return f"{value:.0f} {one if round(value) == 1 else many}"
        return format(value, format_spec or ".0f")


_FORMATTER = _PhraseFormatter()


def fill(text: str, values: Mapping[str, float | str]) -> str:
    """Put ``values`` into ``text``: whole numbers, and ``{count:slip|slips}`` as ``1 slip``.

    Raises:
        KeyError: the text names a value that is not there.
        ValueError: the text is no template.
    """
    return _FORMATTER.vformat(text, (), values)


def names_in(text: str) -> frozenset[str]:
    """The values that ``text`` names.

    Raises:
        ValueError: the text is no template.
    """
    return frozenset(name for _, name, _, _ in _FORMATTER.parse(text) if name is not None)
