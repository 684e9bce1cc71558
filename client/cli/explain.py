"""A job's whole story, for operators: read from the service's database."""

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import typer

from client.cli.database import open_database
from client.cli.parameters import JobArgument, Json
from client.cli.story_view import print_story
from client.cli.terminal import note, results

if TYPE_CHECKING:
    from grading.store.story import Story


def explain_job(job: JobArgument, as_json: Json = False) -> None:
    """Tell all that happened to a job: for operators, needs DATABASE_URL.

    Shows nothing of what the learner wrote or said.
    """
    with open_database("explain") as engine:
        from grading.exceptions import JobNotFound
        from grading.store.story import tell_story

        # One snapshot, so that the parts of the story agree.
        reading = engine.execution_options(isolation_level="REPEATABLE READ")
        try:
            with reading.begin() as conn:
                story = tell_story(conn, job)
        except JobNotFound:
            note(f"vstep-grading: there is no job {job}")
            raise typer.Exit(1) from None
    if as_json:
        print(json.dumps(_document(story), ensure_ascii=False, default=_plain))
    else:
        print_story(results(), story)


def _document(story: "Story") -> dict[str, Any]:
    document = asdict(story)
    # Of use to the service alone.
    del document["job"]["payload_hash"]
    return document


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal():
            return float(value)
        case Enum():
            return value.value
        case UUID():
            return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a story")
