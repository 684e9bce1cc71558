"""``python -m embedded.up``: the embedded stack in the foreground, until a signal."""

import os
import signal
import sys
import threading
from pathlib import Path

from embedded.postgres import PostgresNotStarted
from embedded.stack import EmbeddedStack, StackNotReady
from grading.exceptions import SettingsError

FOLDER = Path(".embedded")


def port_from(environment: str | None) -> int:
    """Read ``PORT``.

    Raises:
        ValueError: it is no port number.
    """
    port = int(environment or "8000")
    if not 1 <= port <= 65535:
        raise ValueError
    return port


def main() -> int:
    """Run until SIGINT or SIGTERM; leaves no process behind."""
    try:
        port = port_from(os.environ.get("PORT"))
    except ValueError:
        print("PORT: must be a number from 1 to 65535", file=sys.stderr)
        return 2
    asked = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: asked.set())
    print("starting the embedded stack …", flush=True)
    try:
        with EmbeddedStack(FOLDER, port, asked) as stack:
            print(f"ready {stack.address}", flush=True)
            asked.wait()
            print("stopping …", flush=True)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except (PostgresNotStarted, StackNotReady) as error:
        print(error, file=sys.stderr)
        return 0 if asked.is_set() else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
