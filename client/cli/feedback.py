"""Feedback as a learner can read it."""

from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from client.cli.names import criterion_word
from client.cli.terminal import printable
from vstep.grading.v1.result_pb2 import Feedback, Quote, Remark


def print_feedback(console: Console, feedback: Feedback) -> None:
    """Print what went well and what to work on, with the places that are spoken of."""
    for heading, remarks in (
        ("What went well", feedback.strengths),
        ("What to work on", feedback.to_work_on),
    ):
        if remarks:
            console.print(Text(heading, "bold"))
            console.print(Padding(_listed(remarks), (0, 0, 1, 1)))


def quoted(quotes: Iterable[Quote]) -> Text:
    """Pieces of the answer, in one line."""
    return Text(", ".join(f"“{printable(quote.text)}”" for quote in quotes), "cyan")


def _listed(remarks: Iterable[Remark]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column()
    for number, remark in enumerate(remarks, 1):
        criterion = (f"{criterion_word(remark.criterion)}  ", "dim")
        table.add_row(f"{number}.", Text.assemble(criterion, printable(remark.text)))
        if remark.quotes:
            table.add_row("", quoted(remark.quotes))
    return table
