"""``vstep-grading feed``."""

from pathlib import Path
from typing import Annotated

import typer

from client.cli.cursor_file import CursorFile
from client.cli.documents import write_line
from client.cli.following import INTERRUPTED, UNREACHABLE_SECONDS
from client.cli.names import state_word
from client.cli.parameters import Json, SkillName
from client.cli.session import Session
from client.cli.terminal import note, printable, say
from client.resumption import Interruption, WatchLimits
from vstep.grading.v1.grading_service_pb2 import WatchJobsResponse
from vstep.grading.v1.job_pb2 import JobEvent, Skill


def follow_feed(
    context: typer.Context,
    cursor: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the cursor is kept: a restart goes on there."),
    ] = None,
    user: Annotated[str, typer.Option(help="Only jobs of this learner.")] = "",
    skill: Annotated[SkillName | None, typer.Option(help="Only jobs of this skill.")] = None,
    only_ends: Annotated[
        bool,
        typer.Option("--only-ends", help="Only what ended a job or put it to review."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Follow all jobs, a line an event, until Ctrl-C; from the oldest event without a cursor."""
    session: Session = context.obj
    kept = None if cursor is None else CursorFile(cursor)
    begin = "" if kept is None else kept.read()
    with session.client() as client:
        next(client.list(page_size=1), None)  # a wrong address is told at once
        feed = client.follow(
            cursor=begin,
            user_id=user,
            skill=Skill.SKILL_UNSPECIFIED if skill is None else Skill.Value(f"SKILL_{skill.name}"),
            only_ends=only_ends,
            limits=WatchLimits(unreachable=UNREACHABLE_SECONDS),
            on_interruption=_LossTeller().tell,
            on_quiet=None if kept is None else kept.write,
        )
        try:
            for event, reached in feed:
                if as_json:
                    write_line(WatchJobsResponse(event=event, cursor=reached))
                else:
                    say(_line(event))
                # Only now: an event is rather written twice than never.
                if kept is not None:
                    kept.write(reached)
        except KeyboardInterrupt:
            resume = "" if kept is None else f" after the cursor in {printable(str(kept.path))}"
            note(f"stopped{resume}; the jobs go on")
            raise typer.Exit(INTERRUPTED) from None


class _LossTeller:
    """Tells of lost streams, once for all tries at the same place."""

    def __init__(self) -> None:
        self._lost_at: str | None = None

    def tell(self, interruption: Interruption[str]) -> None:
        if interruption.place != self._lost_at:
            self._lost_at = interruption.place
            note(f"connection lost, trying again: {printable(interruption.cause.message)}")


def _line(event: JobEvent) -> str:
    time = f"{event.time.ToDatetime():%Y-%m-%d %H:%M:%S}"
    place = f"{printable(event.job_id)}  {event.sequence:>3}  {event.progress:>4.0%}"
    return f"{time}  {place}  {state_word(event.state):<15}  {printable(event.message)}"
