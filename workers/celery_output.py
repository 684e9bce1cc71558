"""Keeps what Celery writes past the log in the log's form: one JSON object a line."""

import json
import os
import sys
from datetime import UTC, datetime
from typing import Any

from celery.apps import worker as celery_worker


def keep_to_json(worker: Any) -> None:
    """Have ``worker`` show no banner, and say that it shuts down as a line of the log."""
    worker.quiet = True
    celery_worker.safe_say = _say


def _say(message: object, _: object = None) -> None:
    # It comes from a handler of signals: the log's own lock may be held by what was interrupted.
    line = {
        "event": str(message),
        "level": "info",
        "timestamp": datetime.now(UTC).isoformat(),
    }
    os.write(sys.stderr.fileno(), json.dumps(line).encode() + b"\n")
