"""What each process of a stack spends of the processors."""

import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.ground import Ground
from tests.stack.process import session_members

_TICKS = os.sysconf("SC_CLK_TCK")

_BACKENDS = """
    SELECT pid, coalesce(nullif(application_name, ''), backend_type) AS name FROM pg_stat_activity
    WHERE pid <> pg_backend_pid()
"""


@dataclass(frozen=True)
class Processes:
    """The processes of a stack: this one, PostgreSQL's, and the ``named`` ones."""

    base: Ground
    #: The leaders of sessions by name. What else lives in a session counts as
    #: ``NAME_children``.
    named: dict[str, int]

    def spent(self) -> dict[str, float]:
        """Seconds of one processor that each has used so far, by its name.

        A PostgreSQL backend bears the name of the application that it serves. What
        ended is left out, so that only stacks whose processes stay can be measured.
        """
        seconds: defaultdict[str, float] = defaultdict(float)
        seconds["bench"] = _seconds(os.getpid())
        for name, leader in self.named.items():
            for pid in session_members(leader):
                seconds[name if pid == leader else f"{name}_children"] += _seconds(pid)
        url = self.base.settings.database_url.get_secret_value()
        with psycopg.connect(url, autocommit=True) as conn:
            for pid, application in conn.execute(_BACKENDS):
                name = application.removeprefix("vstep-grading-").replace(" ", "_")
                seconds[f"postgres_{name}"] += _seconds(pid)
        return seconds


def _seconds(pid: int) -> float:
    # The command's name stands in brackets and may hold anything.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
