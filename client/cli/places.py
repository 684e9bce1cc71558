"""Places of an answer: words that were written, and times at which something is heard."""

from collections.abc import Iterable, Sequence

from rich.text import Text

from client.cli.terminal import printable
from vstep.grading.v1.result_pb2 import Moment, Quote

_STYLE = "cyan"


def places(quotes: Sequence[Quote], moments: Sequence[Moment]) -> Text | None:
    """What is spoken of, in one line; None where no place is."""
    if quotes:
        return quoted(quotes)
    return _heard(moments) if moments else None


def quoted(quotes: Iterable[Quote]) -> Text:
    """Pieces of a written answer."""
    return Text(", ".join(f"“{printable(quote.text)}”" for quote in quotes), _STYLE)


def clock(seconds: float) -> str:
    """Such as ``1:07``."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"


def _heard(moments: Iterable[Moment]) -> Text:
    return Text(", ".join(_moment(moment) for moment in moments), _STYLE)


def _moment(moment: Moment) -> str:
    words = f" “{printable(moment.text)}”" if moment.text else ""
    return f"{clock(moment.start)}{words}"
