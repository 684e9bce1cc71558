"""The file in which a feed's cursor is kept."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import typer

#: No cursor of the contract is longer, in characters.
_LONGEST = 256


@dataclass(frozen=True, slots=True)
class CursorFile:
    """One cursor on one line; a file that isn't there, or is empty, holds none."""

    path: Path

    def read(self) -> str:
        """The cursor; empty where there is none yet.

        Raises:
            typer.BadParameter: the file can't be read, or holds something else.
        """
        try:
            with self.path.open("rb") as file:
                raw = file.read(_LONGEST + 2)
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise self._bad(f"can't read {self.path}: {error.strerror}") from error
        cursor = raw.decode("ascii", "replace").strip()
        if len(cursor) > _LONGEST or not cursor.isascii() or len(cursor.split()) > 1:
            raise self._bad(f"{self.path} holds no cursor")
        return cursor

    def write(self, cursor: str) -> None:
        """Put ``cursor`` in the place of the last one; at no moment is there half of one.

        It isn't forced onto the disk: an older cursor, after a power cut, only
        makes the feed repeat events.

        Raises:
            typer.BadParameter: the file can't be written.
        """
        try:
            with NamedTemporaryFile(
                "w", dir=self.path.parent, prefix=f".{self.path.name}.", delete=False
            ) as file:
                written = Path(file.name)
                try:
                    file.write(f"{cursor}\n")
                    file.close()
                    written.replace(self.path)
                except BaseException:
                    written.unlink(missing_ok=True)
                    raise
        except OSError as error:
            raise self._bad(f"can't write {self.path}: {error.strerror}") from error

    def _bad(self, message: str) -> typer.BadParameter:
        return typer.BadParameter(message, param_hint="'--cursor'")
