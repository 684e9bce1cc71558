"""A worker that tells how it would run its jobs, and ends: ``celery -A tests.stack.placed_worker``.

All of it is the product's, up to the moment in which Celery makes the pool.
"""

from typing import Any

from celery.concurrency import get_implementation
from celery.signals import worker_init

from workers.app import app

__all__ = ["app"]


def _tell(sender: Any, **_: Any) -> None:
    pool = get_implementation(sender.pool_cls).__module__.rsplit(".", 1)[1]
    print(f"placed {pool} {sender.concurrency}", flush=True)  # noqa: T201
    raise SystemExit(0)


worker_init.connect(_tell)
