"""The answer as submitted, beside a cleaned copy to measure, and the way back."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from grading.domain.criterion import Quote

#: A longer run without white space is no word (a link, a key held down) and is
#: left out: tokenizers need quadratic time for it.
LONGEST_WORD = 60

#: Punctuation that word processors and keyboards put for the plain signs.
_PLAIN = {
    "\u2018": "'", "\u2019": "'", "\u201b": "'", "\u02bc": "'", "\u0060": "'", "\u00b4": "'",
    "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"', "\u00bb": '"',
    "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-",
    "\u2014": " - ", "\u2015": " - ",
    "\u2026": "...",
}  # fmt: skip
_LINE_ENDS = frozenset("\n\r\v\f\x85\u2028\u2029")
_LONG_RUN = re.compile(rf"[^ \n]{{{LONGEST_WORD + 1},}}")
_SENTENCE_END = re.compile(r"[.!?:;,\"')]$")


@dataclass(frozen=True, slots=True)
class SourceText:
    """An answer and its cleaned copy.

    Cleaning makes white space, line ends, composed letters and quotation marks
    uniform, so that none of them moves a score; a blank line stands between
    paragraphs.
    """

    original: str
    clean: str
    #: For each character of ``clean``, where it starts and ends in ``original``.
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def quote(self, start: int, end: int, longest: int = 240) -> Quote:
        """Quote ``clean[start:end]`` as it stands in the original, at most ``longest`` long."""
        first = self.starts[start]
        last = max(first, min(self.ends[end - 1], first + longest)) if end > start else first
        return Quote(self.original[first:last], first, last)

    def keep(self, parts: Iterable[tuple[int, int, str]]) -> "SourceText":
        """Keep only ``parts`` of the clean text: start, end, and what to put before."""
        clean: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        for start, end, before in parts:
            glue = before if clean else ""
            clean += [glue, self.clean[start:end]]
            starts += [*[self.starts[start]] * len(glue), *self.starts[start:end]]
            ends += [*[self.starts[start]] * len(glue), *self.ends[start:end]]
        return SourceText(self.original, "".join(clean), tuple(starts), tuple(ends))


def read(original: str) -> SourceText:
    """Clean ``original``, remembering where every character came from."""
    pieces: list[tuple[str, int, int]] = []
    for start, end in _clusters(original):
        pieces.extend((sign, start, end) for sign in _plain(original[start:end]))
    pieces = _squeeze(_drop_long_runs(pieces))
    return SourceText(
        original=original,
        clean="".join(piece[0] for piece in pieces),
        starts=tuple(piece[1] for piece in pieces),
        ends=tuple(piece[2] for piece in pieces),
    )


def _clusters(text: str) -> list[tuple[int, int]]:
    """Spans of a character with the combining marks on it, and of a line end."""
    spans: list[tuple[int, int]] = []
    for at, sign in enumerate(text):
        if spans and (unicodedata.combining(sign) or text[at - 1 : at + 1] == "\r\n"):
            spans[-1] = (spans[-1][0], at + 1)
        else:
            spans.append((at, at + 1))
    return spans


def _plain(cluster: str) -> str:
    if cluster[0] in _LINE_ENDS:
        return "\n"
    if cluster in _PLAIN:
        return _PLAIN[cluster]
    composed = unicodedata.normalize("NFC", cluster)
    kind = unicodedata.category(composed[0])
    if kind == "Zs" or kind == "Cc":
        return " "
    # Format signs (zero-width spaces, marks of direction) and lone surrogates show nothing.
    return "" if kind in ("Cf", "Cs") else composed


def _squeeze(pieces: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Make runs of white space one space, or one blank line between paragraphs."""
    text = "".join(piece[0] for piece in pieces)
    wrapped = _is_hard_wrapped(text)
    squeezed: list[tuple[str, int, int]] = []
    gap: list[tuple[str, int, int]] = []
    for piece in pieces:
        if piece[0] in " \n":
            gap.append(piece)
            continue
        if gap and squeezed:
            breaks = sum(1 for blank in gap if blank[0] == "\n")
            start, end = gap[0][1], gap[-1][2]
            if breaks > 1 or (breaks == 1 and not wrapped):
                squeezed += [("\n", start, end), ("\n", start, end)]
            else:
                squeezed.append((" ", start, end))
        gap = []
        squeezed.append(piece)
    return squeezed


def _is_hard_wrapped(text: str) -> bool:
    """Tell whether single line ends only fold long paragraphs, as in e-mails of old."""
    lines = [line.strip() for line in re.split(r"\n[ \n]*\n", text) for line in line.split("\n")]
    folded = [line for line in lines if line]
    if len(folded) < 4:
        return False
    open_ended = [
        line for line in folded if 40 <= len(line) <= 110 and not _SENTENCE_END.search(line)
    ]
    return len(open_ended) >= len(folded) * 0.6


def _drop_long_runs(pieces: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    text = "".join(piece[0] for piece in pieces)
    kept: list[tuple[str, int, int]] = []
    at = 0
    for run in _LONG_RUN.finditer(text):
        kept += pieces[at : run.start()]
        at = run.end()
    return kept + pieces[at:]
