"""The floor of the pipeline: a task that does nothing. ``celery -A bench.bare_worker worker``.

All is Celery's default, and there is no result backend. Each task adds a byte to the
file ``BENCH_COUNT``, for a microsecond or two: that is how it is seen to have run.
"""

import os

from celery import Celery

TASK = "bench.nothing"


def make_bare(broker_url: str) -> Celery:
    """Make a Celery application without a setting but its broker."""
    return Celery("bench", broker=broker_url)


def _serve() -> Celery:
    app = make_bare(os.environ["CELERY_BROKER_URL"])
    count = os.open(os.environ["BENCH_COUNT"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def nothing() -> None:
        os.write(count, b".")

    app.task(nothing, name=TASK)
    return app


app = _serve() if "BENCH_COUNT" in os.environ else None
