"""A scripted worker with a deliberate bug: its writes don't ask whether the job is still its own.

``celery -A tests.faults.unfenced_worker``. It shows that the fault tests can fail.
"""

from sqlalchemy import text

from grading.store import run_writes, runs
from tests.stack import scripted_worker

FENCES = (
    (run_writes, "_WRITE", " AND jobs.run = write.run"),
    (runs, "_RENEW", " AND jobs.run = held.run"),
)

for _module, _name, _fence in FENCES:
    _fenced = str(getattr(_module, _name))
    assert _fence in _fenced, f"{_name} has no fence to take down"
    setattr(_module, _name, text(_fenced.replace(_fence, "")))

app = scripted_worker.app
