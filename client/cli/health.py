"""``vstep-grading health``."""

import json
import time
from collections.abc import Iterable, Iterator
from typing import Annotated

import grpc
import typer

from client.cli.following import INTERRUPTED
from client.cli.parameters import Json
from client.cli.session import Session
from client.cli.terminal import printable, say
from client.health import SERVICES, Health, ask

#: How often a watch asks, in seconds.
_LOOK_SECONDS = 1.0


def show_health(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...", help=f"{', '.join(SERVICES)}, or another name; all by default."
        ),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on, and write a line for each change, until Ctrl-C.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Tell how the service is, by name; the exit code is 1 unless all names are SERVING."""
    session: Session = context.obj
    wanted = names or list(SERVICES)
    with session.channel() as channel:
        if watch:
            try:
                for health in _changes(channel, wanted, session.timeout):
                    _tell(health, as_json)
            except KeyboardInterrupt:
                raise typer.Exit(INTERRUPTED) from None
        found = [ask(channel, name, session.timeout) for name in wanted]
    if as_json:
        print(json.dumps({"services": [_document(health) for health in found]}, indent=2))
    else:
        for health in found:
            _tell(health, as_json=False)
    return 0 if all(health.serving for health in found) else 1


def _changes(channel: grpc.Channel, names: Iterable[str], seconds: float) -> Iterator[Health]:
    """How each name is, and each change from then on."""
    # By asking again: a health stream is quiet for as long as nothing changes, and from a
    # server that hangs it would stay so.
    last: dict[str, Health] = {}
    while True:
        for name in names:
            health = ask(channel, name, seconds)
            if name not in last or last[name].status is not health.status:
                last[name] = health
                yield health
        time.sleep(_LOOK_SECONDS)


def _tell(health: Health, as_json: bool) -> None:
    if as_json:
        print(json.dumps(_document(health)), flush=True)
    else:
        name = printable(health.name or "liveness")
        say(f"{name:<11} {health.status}  {printable(health.cause)}".rstrip())


def _document(health: Health) -> dict[str, str]:
    service = SERVICES.get(health.name, health.name)
    return {
        "name": health.name,
        "service": service,
        "status": health.status,
        "cause": health.cause,
    }
