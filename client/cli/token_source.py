"""Where the command takes its token from: never from its arguments, which others can list."""

import os
from pathlib import Path

import typer

VARIABLE = "VSTEP_GRADING_TOKEN"
FILE_VARIABLE = "VSTEP_GRADING_TOKEN_FILE"


def read_token(file: Path | None) -> str | None:
    """The token to show: the file's, else the variable's; None where neither is given.

    Raises:
        typer.BadParameter: the file can't be read, or holds no text.
    """
    if file is None:
        return os.environ.get(VARIABLE) or None
    try:
        token = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise typer.BadParameter(f"can't read {file}", param_hint="'--token-file'") from None
    if not token:
        raise typer.BadParameter(f"{file} is empty", param_hint="'--token-file'")
    return token
