"""Where the command writes: results to stdout, everything else to stderr."""

import unicodedata

from rich.console import Console

#: Longer lines are hard to read, however wide the terminal is.
_WIDEST = 100


def results() -> Console:
    """Stdout, for what the command was asked for."""
    return _console(stderr=False)


def remarks() -> Console:
    """Stderr, for progress and errors."""
    return _console(stderr=True)


def say(line: str) -> None:
    """Write one line to stdout, however long it is."""
    results().print(line, soft_wrap=True)


def note(line: str) -> None:
    """Write one line to stderr, however long it is."""
    remarks().print(line, soft_wrap=True)


def printable(text: str) -> str:
    """``text`` on one line, without characters that would steer a terminal.

    What a learner wrote is quoted on screen, and may hold anything.
    """
    words = " ".join(text.split())
    return "".join("\N{REPLACEMENT CHARACTER}" if _steers(c) else c for c in words)


def printable_lines(text: str) -> str:
    """The same of a text that keeps its lines, and every character its place."""
    return "".join(_in_place(c) for c in text)


def _in_place(character: str) -> str:
    if character == "\n":
        return character
    if character.isspace():
        return " "
    return "\N{REPLACEMENT CHARACTER}" if _steers(character) else character


def _steers(character: str) -> bool:
    # Cc: control codes such as Escape. Cf: invisible marks that turn the direction of writing.
    return unicodedata.category(character) in ("Cc", "Cf")


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    console.width = min(console.width, _WIDEST)
    return console
