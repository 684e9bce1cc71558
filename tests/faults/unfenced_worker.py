"""A scripted worker with a deliberate bug: its writes don't ask whether the job is still its own.

``celery -A tests.faults.unfenced_worker``. It shows that the fault tests can fail.
"""

from sqlalchemy import text

from grading.store import runs
from tests.stack import scripted_worker

FENCE = " AND run = :run"
STATEMENTS = ("_RENEW", "_ADVANCE", "_SETTLE", "_FAIL")

for _name in STATEMENTS:
    _fenced = str(getattr(runs, _name))
    assert FENCE in _fenced, f"{_name} has no fence to take down"
    setattr(runs, _name, text(_fenced.replace(FENCE, "")))

app = scripted_worker.app
