"""``python -m workers.probe``: whether this container's worker is alive, for health checks.

A worker has no port. It writes the moment to a file (``WORKER_PULSE_FILE``) each time its loop
comes round, and this looks how long ago that was: one local file, no database, no broker, so
that neither of them has all workers started again when it is down. That jobs are graded, the
server's health of the name ``workers`` and the metrics tell.

Several workers on one machine each need a ``WORKER_PULSE_FILE`` of their own, or any one of them
answers for all.

A worker gives signs from the moment it looks for the broker, however long it then waits for it
or loads its graders: a few seconds of grace are enough for a start.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from workers.pulse import FILE_VARIABLE, default_file, seconds_since_sign

#: How old a sign may be, in seconds. The loop comes round every 2 s on a machine at rest.
MAX_AGE_SECONDS = 30.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Write one line; the exit code is 0 where the worker is alive, 1 otherwise, 2 for misuse."""
    parser = argparse.ArgumentParser(
        prog="python -m workers.probe",
        description="Tells whether the worker of this container is alive.",
        epilog="Exit codes: 0 alive, 1 not alive, 2 wrong usage.",
    )
    parser.add_argument(
        "--max-age",
        type=float,
        default=MAX_AGE_SECONDS,
        metavar="S",
        help="how old its last sign may be, in seconds (default: 30)",
    )
    given = parser.parse_args(arguments)
    file = Path(os.environ.get(FILE_VARIABLE) or default_file())
    try:
        age = seconds_since_sign(file)
    except OSError as error:
        print(f"worker: can't read {file}: {error.strerror}")
        return 1
    if age is None:
        print(f"worker: no sign of life in {file}")
        return 1
    alive = age <= given.max_age
    print(f"worker: {'alive' if alive else 'stuck'}, last sign {age:.1f} s ago")
    return 0 if alive else 1


if __name__ == "__main__":
    sys.exit(main())
