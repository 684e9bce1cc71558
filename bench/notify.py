"""What NOTIFY costs commits: its lock lets one transaction commit at a time.

``python -m bench.notify``. PostgreSQL's own pgbench writes a row a transaction, from 1 and from
16 connections, with NOTIFY and without it, in turns; and with 20 rows a transaction, as workers
write whose runs share their commits. PostgreSQL keeps the order of notifications by a lock that
each transaction with one holds from just before its commit until its WAL is on the disk, so
that no two of them share a flush. A slow disk makes that worse: with NOTIFY there are at the
most as many commits a second as the disk has flushes.
"""

import os
import re
import subprocess
import tempfile
from pathlib import Path
from statistics import median

import psycopg

from bench.command import run
from bench.report import Figure, Report
from embedded.postgres import PrivatePostgres, programs_folder

ROUNDS, SECONDS = 3, 3
CLIENTS = (1, 16)
ROWS = 20

_WRITE = "INSERT INTO notes (id) SELECT gen_random_uuid() FROM generate_series(1, {rows})"
SCRIPTS = {
    "quiet": f"{_WRITE};",
    "notify": f"WITH note AS ({_WRITE} RETURNING id)"  # noqa: S608
    " SELECT pg_notify('job_events', id::text) FROM note;",
}


def commits(url: str, script: Path, clients: int) -> float:
    """Transactions a second of a script."""
    ended = subprocess.run(
        [
            str(programs_folder() / "bin" / "pgbench"), "--no-vacuum", "--protocol=prepared",
            f"--client={clients}", f"--jobs={min(clients, 2)}", f"--time={SECONDS}",
            f"--file={script}", url,
        ],
        env={**os.environ, "PGSSLMODE": "disable", "PGGSSENCMODE": "disable"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = re.search(r"tps = ([\d.]+)", ended.stdout)
    assert found, ended.stdout
    return float(found[1])


def measure() -> Report:
    """Measure commits with and without NOTIFY in turns."""
    figures: dict[str, Figure] = {}
    ratios: dict[tuple[int, int], float] = {}
    with tempfile.TemporaryDirectory(prefix="vstep-grading-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        postgres = PrivatePostgres(folder / "postgres")
        postgres.start()
        try:
            with psycopg.connect(postgres.url, autocommit=True) as conn:
                conn.execute("CREATE TABLE notes (id uuid PRIMARY KEY)")
                listener = psycopg.connect(postgres.url, autocommit=True)
                listener.execute("LISTEN job_events")
            for rows in (1, ROWS):
                for clients in CLIENTS:
                    rates: dict[str, list[float]] = {kind: [] for kind in SCRIPTS}
                    for _ in range(ROUNDS):
                        for kind, script in SCRIPTS.items():
                            file = folder / f"{kind}.sql"
                            file.write_text(script.format(rows=rows))
                            rates[kind].append(commits(postgres.url, file, clients))
                            for _ in listener.notifies(timeout=0.0):
                                pass  # or PostgreSQL's queue of notifications fills
                    for kind, measured in rates.items():
                        figures[f"{kind}_{clients}_clients_{rows}_rows_per_s"] = median(measured)
                    ratios[clients, rows] = median(
                        n / q for n, q in zip(rates["notify"], rates["quiet"], strict=True)
                    )
            listener.close()
        finally:
            postgres.stop()
    for (clients, rows), ratio in ratios.items():
        figures[f"kept_{clients}_clients_{rows}_rows"] = ratio
    return Report("Commits with NOTIFY against commits without", figures, ())


if __name__ == "__main__":
    run(measure, __doc__)
