"""A process that has answers measured by another one, and stays: for tests that kill it."""

import signal

from tests.stack.submissions import essay
from workers.measuring_pool import MeasuringPool
from workers.writing.measurer import MeasuringElsewhere

#: What it says once an answer was measured.
MEASURED = "measured"


def _stay() -> None:
    work = essay("I live in a small house near the river.")
    # Held, or its process would end with it.
    pool = MeasuringPool(1)
    MeasuringElsewhere(pool).measure(work, lambda *_: None)
    print(MEASURED, flush=True)  # noqa: T201
    signal.pause()
    pool.close()


if __name__ == "__main__":
    _stay()
