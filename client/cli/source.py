"""Reads what is to be submitted."""

import sys
from pathlib import Path

import typer

#: More than any answer that the service takes; keeps a wrong file out of memory.
_MOST_BYTES = 1_000_000

STDIN = Path("-")


def read_text(path: Path, parameter: str, *, most_bytes: int = _MOST_BYTES) -> str:
    """The text of a file, or of stdin where ``path`` is ``-``, unchanged but for a byte order mark.

    Raises:
        typer.BadParameter: it can't be read, is no UTF-8 text, or is far too large.
    """
    try:
        if path == STDIN:
            raw = sys.stdin.buffer.read(most_bytes + 1)
        else:
            with path.open("rb") as file:
                raw = file.read(most_bytes + 1)
    except OSError as error:
        raise _bad(f"can't read {path}: {error.strerror}", parameter) from error
    if len(raw) > most_bytes:
        raise _bad(f"{path} holds more than {most_bytes} bytes", parameter)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad(f"{path} is not UTF-8 text (byte {error.start})", parameter) from error


def read_lines(path: Path, parameter: str) -> list[str]:
    """The lines of a file, without blank ones.

    Raises:
        typer.BadParameter: as ``read_text``.
    """
    return [line.strip() for line in read_text(path, parameter).splitlines() if line.strip()]


def _bad(message: str, parameter: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint=f"'{parameter}'")
