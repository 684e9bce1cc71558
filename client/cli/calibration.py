"""Calibrating on examiners' marks."""

import json
from pathlib import Path
from typing import Annotated

import typer

from client.cli.parameters import Json
from client.cli.terminal import note, printable


def calibrate_on_marks(
    marks: Annotated[
        Path,
        typer.Argument(
            metavar="MARKS", help="A CSV file, plain or .gz, of answers with examiners' marks."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The calibration file to write.")],
    name: Annotated[
        str | None, typer.Option(help="A name for results to show; MARKS's own by default.")
    ] = None,
    scale: Annotated[
        str | None, typer.Option(help="The scale of the marks, as LOWEST:HIGHEST:STEP.")
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="A folder to keep what was measured for the next time.")
    ] = None,
    evidence: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="A folder of bench.agreement --grader openai: fit to what a model saw, too.",
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """Fit a calibration for the workers to examiners' marks, and tell what it is worth."""
    try:
        # Imported here: it needs the workers' packages, and no other command does.
        from workers.calibration.calibrate import calibrate, write_calibration
        from workers.calibration.marks import MarksError
        from workers.calibration.report import report
        from workers.calibration.scale_option import read_scale
    except ModuleNotFoundError as error:
        note(f"vstep-grading: calibrate needs the packages of a worker; {error.name} is missing")
        return 1
    try:
        wanted = None if scale is None else read_scale(scale)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="'--scale'") from None
    if not out.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {out.parent}", param_hint="'--out'")
    try:
        content = calibrate(marks, name or _name_of(marks), wanted, cache, _tell, evidence)
    except MarksError as error:
        note(f"vstep-grading: {printable(str(error))}")
        return 1
    try:
        write_calibration(content, out)
    except OSError as error:
        raise typer.BadParameter(
            f"can't write {out}: {error.strerror}", param_hint="'--out'"
        ) from None
    # Plain print: a table must not be folded to the width of the terminal.
    print(json.dumps(content, ensure_ascii=False) if as_json else report(content))
    note(f"wrote {out}: calibration {content['name']} {content['version']}")
    return 0


def _name_of(marks: Path) -> str:
    return marks.name.removesuffix(".gz").removesuffix(".csv")


def _tell(done: int, total: int) -> None:
    if done % 50 == 0 or done == total:
        note(f"measured {done} of {total} answers")
