"""``vstep-grading agreement``: how far the machine and examiners agree."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from client.cli.agreement_report import print_agreement
from client.cli.documents import write_document
from client.cli.parameters import Json, SkillName
from client.cli.session import Session
from client.cli.terminal import results
from vstep.grading.v1.job_pb2 import Skill
from vstep.grading.v1.review_service_pb2 import AgreementGrouping

#: A day, or a moment; without an offset it is UTC.
_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]


class GroupingName(StrEnum):
    """The groupings of the contract, as they are typed."""

    BAND = "band"
    GRADER = "grader"
    PROMPT = "prompt"
    RUBRIC = "rubric"
    MARKING = "marking"
    LABEL = "label"


def show_agreement(
    context: typer.Context,
    skill: Annotated[SkillName, typer.Option(help="The skill.")] = SkillName.WRITING,
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=_FORMATS, help="Reviews finished from then on (UTC); 30 days by default."
        ),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=_FORMATS, help="Reviews finished before then (UTC); now by default."),
    ] = None,
    by: Annotated[
        list[GroupingName] | None,
        typer.Option(
            help="Tell groups apart by this, too; repeatable. label: what was sent along."
        ),
    ] = None,
    drift: Annotated[
        bool,
        typer.Option("--drift", help="Compare with the period of the same length before."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Show how far the machine agrees with examiners, and they among themselves."""
    session: Session = context.obj
    with session.reviews() as client:
        found = client.agreement(
            Skill.Value(f"SKILL_{skill.name}"),
            finished_from=_utc(since),
            finished_before=_utc(until),
            by=[
                AgreementGrouping.Value(f"AGREEMENT_GROUPING_{name.name}")
                for name in dict.fromkeys(by or ())
            ],
            drift=drift,
        )
    if as_json:
        write_document(found)
    else:
        print_agreement(results(), found)


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)
