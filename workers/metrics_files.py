"""Has all processes of a worker count into the files of one folder.

A worker's jobs run in children, and beside it processes measure. prometheus_client lets
them share what they count where ``PROMETHEUS_MULTIPROC_DIR`` names a folder; it looks when
it is imported, so this must run before. Children inherit the variable.
"""

import atexit
import os
import shutil
import tempfile

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def prepare_files() -> None:
    """Make the folder, unless nobody asks for metrics or a parent made it; gone at the end."""
    port = os.environ.get("WORKER_METRICS_PORT", "").strip().lstrip("0")
    if not port or VARIABLE in os.environ:
        return
    folder = os.environ[VARIABLE] = tempfile.mkdtemp(prefix="vstep-metrics-")
    maker = os.getpid()

    def remove() -> None:
        if os.getpid() == maker:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
