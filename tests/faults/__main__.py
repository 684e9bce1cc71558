"""``python -m tests.faults --minutes 30 [--seed 1]``: scenarios and rolling restarts by seed."""

import argparse
import sys
import time
from itertools import count

from tests.faults.ground import Ground
from tests.faults.rolling import run_rolling
from tests.faults.scenario import Size, run_scenario
from tests.faults.seed import seed


def main() -> int:
    """Run scenarios until the time is up; 1 at the first one with a violation."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="how long to go on")
    parser.add_argument("--seed", type=int, default=seed(), help="the first scenario's seed")
    given = parser.parse_args()
    until = time.monotonic() + 60 * given.minutes
    ground = Ground()
    try:
        ground.start()
        numbers = count(given.seed)
        while True:
            number = next(numbers)
            for report in (
                run_scenario(ground, number, Size()),
                run_rolling(ground, number),
            ):
                sys.stderr.write(f"{report}\n")
                if report.violations:
                    return 1
            if time.monotonic() >= until:
                return 0
    finally:
        ground.stop()


if __name__ == "__main__":
    sys.exit(main())
