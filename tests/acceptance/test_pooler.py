"""The service behind pgbouncer, which lends a connection for one transaction at a time."""

import tempfile
from pathlib import Path

from grpc import StatusCode

from tests.stack.pgbouncer import CONNECTIONS, pgbouncer
from tests.stack.postgres import Database
from tests.stack.stack import Stack
from tests.stack.submissions import submission

JOBS = 40
#: A server alone would have more than the pooler has, and so would the workers.
WORKERS = 2


def test_jobs_are_graded_and_watched_behind_a_pooler(
    database: Database, broker_url: str, tmp_path: Path
) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="vstep-tests-pgbouncer-") as folder,
        pgbouncer(database.url, Path(folder)) as pooled,
    ):
        stack = Stack(Database(pooled), broker_url, tmp_path)
        # A poll would never be in time to bring an event: hints do.
        stack.settings |= {
            "GRADING_PREPARED_STATEMENTS": "false",
            "DATABASE_LISTEN_URL": database.url,
            "GRADING_POLL_SECONDS": "1",
        }
        try:
            server = stack.start_server()
            for _ in range(WORKERS):
                stack.start_worker(concurrency=3)
            server.await_health("workers")
            jobs = [server.door.grading.SubmitJob(submission()).job.id for _ in range(JOBS)]
            for watcher in [server.door.watch(job_id) for job_id in jobs]:
                assert watcher.wait().code is StatusCode.OK
                assert watcher.sequences == list(range(1, len(watcher.events) + 1))
            through = database.rows(
                "SELECT application_name FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid()"
            )
            names = [row["application_name"] for row in through]
            assert names.count("vstep-grading-listen") == 1
            assert len(names) <= CONNECTIONS + 1
            assert server.output().count("not_listening") == 0
        finally:
            stack.stop()
