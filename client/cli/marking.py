"""Marks as an examiner types them: as options, or one by one as they are asked for."""

import sys
from collections.abc import Callable, Sequence

import typer
from rich.console import Console
from rich.table import Table

from client.cli.names import criterion_word
from client.cli.terminal import note
from vstep.grading.v1.job_pb2 import SKILL_SPEAKING, SKILL_WRITING, Skill
from vstep.grading.v1.result_pb2 import (
    CRITERION_DISCOURSE_MANAGEMENT,
    CRITERION_FLUENCY,
    CRITERION_GRAMMAR,
    CRITERION_ORGANIZATION,
    CRITERION_PRONUNCIATION,
    CRITERION_TASK_FULFILLMENT,
    CRITERION_VOCABULARY,
    Criterion,
)

#: The criteria of each skill, in the exam's order.
CRITERIA: dict[Skill.ValueType, tuple[Criterion.ValueType, ...]] = {
    SKILL_WRITING: (
        CRITERION_TASK_FULFILLMENT,
        CRITERION_ORGANIZATION,
        CRITERION_VOCABULARY,
        CRITERION_GRAMMAR,
    ),
    SKILL_SPEAKING: (
        CRITERION_GRAMMAR,
        CRITERION_VOCABULARY,
        CRITERION_PRONUNCIATION,
        CRITERION_FLUENCY,
        CRITERION_DISCOURSE_MANAGEMENT,
    ),
}

Scores = dict[Criterion.ValueType, float]
#: Asks a question, and gives the line that was typed; None where nobody types any more.
Ask = Callable[[str], str | None]

_RULE = "must be 0 to 10 in steps of 0.5"
_LEAVE = ("q", "quit")


class Left(Exception):
    """The examiner has left without handing marks in."""


def typed_line(question: str) -> str | None:
    """Ask on stderr, since stdout belongs to results, and read a line from stdin."""
    print(question, end=" ", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    return line.strip() if line else None


def read_score(typed: str) -> float:
    """Read a score.

    Raises:
        ValueError: it is none.
    """
    try:
        score = float(typed.replace(",", "."))
    except ValueError:
        raise ValueError(_RULE) from None
    if not 0 <= score <= 10 or score * 2 != int(score * 2):
        raise ValueError(_RULE)
    return score


def scores_given(options: Sequence[str], skill: Skill.ValueType) -> Scores:
    """Read ``CRITERION=SCORE`` for each criterion of a skill.

    Raises:
        typer.BadParameter: one is missing, there twice, or none.
    """
    names = {Criterion.Name(one).removeprefix("CRITERION_").lower(): one for one in CRITERIA[skill]}
    scores: Scores = {}
    for option in options:
        name, _, typed = option.partition("=")
        criterion = names.get(name.strip().lower().replace("-", "_"))
        if criterion is None:
            raise _wrong(f"{name!r} is none of {', '.join(names)}")
        if criterion in scores:
            raise _wrong(f"{name} is given twice")
        try:
            scores[criterion] = read_score(typed)
        except ValueError as error:
            raise _wrong(f"{name} {error}") from None
    missing = [name for name, criterion in names.items() if criterion not in scores]
    if missing:
        raise _wrong(f"{', '.join(missing)} must be given, too")
    return scores


def ask_marks(console: Console, skill: Skill.ValueType, ask: Ask) -> tuple[Scores, str]:
    """Have an examiner enter and confirm a score for each criterion, and a comment.

    Raises:
        Left: the examiner doesn't hand them in.
    """
    while True:
        scores = {criterion: _ask_score(criterion, ask) for criterion in CRITERIA[skill]}
        comment = ask("Comment for other examiners (may be empty):") or ""
        console.print(_overview(scores))
        answer = (ask("Hand in? [y]es, [a]gain, [q]uit:") or "q").lower()
        if answer in ("y", "yes"):
            return scores, comment
        if answer not in ("a", "again"):
            raise Left


def _ask_score(criterion: Criterion.ValueType, ask: Ask) -> float:
    while True:
        typed = ask(f"{criterion_word(criterion)} (0-10, steps of 0.5; q to leave):")
        if typed is None or typed.lower() in _LEAVE:
            raise Left
        try:
            return read_score(typed)
        except ValueError as error:
            note(f"a score {error}")


def _overview(scores: Scores) -> Table:
    table = Table.grid(padding=(0, 2))
    for criterion, score in scores.items():
        table.add_row(criterion_word(criterion), f"{score:.1f}")
    table.add_row("Mean", f"{sum(scores.values()) / len(scores):.3f}")
    return table


def _wrong(message: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint="'--score'")
