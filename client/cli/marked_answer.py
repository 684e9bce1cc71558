"""An answer with the machine's evidence marked in it."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from client.cli.names import criterion_word
from client.cli.places import places
from client.cli.terminal import printable, printable_lines
from vstep.grading.v1.result_pb2 import CriterionScore, Evidence, Impact

_STYLE = {
    Impact.IMPACT_RAISES: "green",
    Impact.IMPACT_LOWERS: "red underline",
}
_NEUTRAL = "cyan"
_SIGN = {Impact.IMPACT_RAISES: "+", Impact.IMPACT_LOWERS: "-"}


@dataclass(frozen=True, slots=True)
class Seen:
    """A piece of evidence under the number that marks its places."""

    number: int
    criterion: str
    evidence: Evidence

    @property
    def style(self) -> str:
        """How its places are marked: what raised the score, what lowered it, or neither."""
        return _STYLE.get(self.evidence.impact, _NEUTRAL)


def numbered(criteria: Iterable[CriterionScore]) -> list[Seen]:
    """The evidence of all criteria, numbered from 1 in its order."""
    found = [(entry, evidence) for entry in criteria for evidence in entry.evidence]
    return [
        Seen(number, criterion_word(entry.criterion), evidence)
        for number, (entry, evidence) in enumerate(found, 1)
    ]


def marked(answer: str, seen: Iterable[Seen]) -> Text:
    """The answer with the quotes of the evidence coloured, and its number behind each."""
    text = Text(printable_lines(answer))
    ends: dict[int, list[Seen]] = {}
    for item in seen:
        for quote in item.evidence.quotes:
            # A service that counts otherwise must not mark what isn't there.
            if 0 <= quote.start < quote.end <= len(answer):
                text.stylize(item.style, quote.start, quote.end)
                ends.setdefault(quote.end, []).append(item)
    pieces = text.divide(sorted(ends))
    whole = Text()
    for piece, end in zip(pieces, [*sorted(ends), None], strict=True):
        whole.append_text(piece)
        for item in ends.get(end, []) if end is not None else []:
            whole.append(f"[{item.number}]", f"bold {item.style}")
    return whole


def print_evidence(console: Console, seen: Iterable[Seen]) -> None:
    """Print what the numbers stand for."""
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for item in seen:
        evidence = item.evidence
        sign = _SIGN.get(evidence.impact, "·")
        points = f"{sign}{abs(evidence.points):.2f}" if evidence.HasField("points") else sign
        table.add_row(
            Text(f"[{item.number}]", item.style),
            points,
            item.criterion,
            Text(printable(evidence.message)),
        )
        if (heard := places([], evidence.moments)) is not None:
            table.add_row("", "", "", heard)
    console.print(Padding(table, (0, 0, 1, 1)))
