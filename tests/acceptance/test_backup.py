"""A back-up that is made while jobs run, and what is restored from it elsewhere."""

import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest

from grading.store.feed import Cursor
from tests.stack.door import Door, Refused, refusal, refused_with
from tests.stack.postgres import Database, private_postgres
from tests.stack.postgres_programs import run_commands
from tests.stack.process import CHECKOUT
from tests.stack.rabbitmq import PrivateRabbit
from tests.stack.stack import Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.job_pb2 import JOB_STATE_COMPLETED, JobEvent

#: As ``docs/operations.md`` has them.
BACK_UP = 'pg_dump --format=custom --file=grading.dump "$DATABASE_URL"'
RESTORE = 'pg_restore --exit-on-error --no-owner --dbname="$DATABASE_URL" grading.dump'
ADOPT = "python -m grading.store.schema"
#: Jobs that are under way at a time.
UNDER_WAY = 12
TEXTS = ("Graded at once.", "slow:0.5", "late:0.3")
#: So that the old cluster's transaction ids lie far beyond the new one's.
SPEND_IDS = """
    DO $$ BEGIN FOR i IN 1..20000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$
"""

_GRADED_TWICE = """
    SELECT job_id FROM runs WHERE outcome = 'completed' GROUP BY job_id HAVING count(*) > 1
"""


@dataclass
class _Follower:
    """Follows the feed in a thread, as a client that stores each event with its cursor."""

    door: Door
    cursor: str = ""
    events: list[tuple[str, JobEvent]] = field(default_factory=list)

    def start(self) -> None:
        request = messages.WatchJobsRequest(cursor=self.cursor)
        self._call: Iterator[messages.WatchJobsResponse] = self.door.grading.WatchJobs(request)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            for answer in self._call:
                if answer.HasField("event"):
                    self.events.append((answer.cursor, answer.event))
        except grpc.RpcError as error:
            assert refused_with(error).code in {
                grpc.StatusCode.UNAVAILABLE,
                grpc.StatusCode.CANCELLED,
            }

    def stop(self) -> None:
        self._call.cancel()  # type: ignore[attr-defined]
        self._thread.join(5)


class _Load:
    """Submits jobs in a thread, so that there are always some to be graded, and never many."""

    def __init__(self, door: Door, follower: _Follower) -> None:
        self.accepted: dict[str, messages.SubmitJobRequest] = {}
        self._door = door
        self._follower = follower
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._submit, daemon=True)
        self._thread.start()

    def _submit(self) -> None:
        while not self._stop.wait(0.02):
            if len(self.accepted) - len(_completed(self._follower)) >= UNDER_WAY:
                continue
            request = submission(TEXTS[len(self.accepted) % len(TEXTS)])
            self.accepted[self._door.grading.SubmitJob(request).job.id] = request

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(10)


def _completed(follower: _Follower) -> set[str]:
    return {e.job_id for _, e in follower.events if e.state == JOB_STATE_COMPLETED}


def _watched(door: Door, job_id: str) -> list[JobEvent]:
    watcher = door.watch(job_id)
    assert watcher.wait(60).code is grpc.StatusCode.OK
    return watcher.events


@pytest.mark.timeout(180)
def test_what_was_accepted_before_a_back_up_is_graded_once_where_it_is_restored(
    rabbit: PrivateRabbit, tmp_path: Path
) -> None:
    with ExitStack() as given:
        old_postgres = given.enter_context(private_postgres())
        old = Database(old_postgres.url)
        old.rows(SPEND_IDS)
        _adopt(old)
        old_stack = Stack(old, given.enter_context(rabbit.virtual_host()), tmp_path)
        given.callback(old_stack.stop)
        old_server = old_stack.start_server()
        old_door = old_server.door
        for _ in range(2):
            old_stack.start_worker()
        old_server.await_health("workers")
        follower = _Follower(old_door)
        follower.start()
        load = _Load(old_door, follower)
        given.callback(load.stop)
        until(lambda: len(_completed(follower)) > 8, 60)

        before, seen_before = {**load.accepted}, [*follower.events]
        run_commands(f"cd {tmp_path}\n{BACK_UP}", DATABASE_URL=old.url)
        # Jobs are taken that the dump has as waiting, and new ones that it doesn't know.
        until(lambda: len(follower.events) > len(seen_before) + 60, 60)
        load.stop()
        follower.stop()
        lost = {job: load.accepted[job] for job in load.accepted.keys() - before.keys()}
        old_stack.stop()
        old_postgres.kill()

        new = Database(given.enter_context(private_postgres()).url)
        run_commands(f"cd {tmp_path}\n{RESTORE}", DATABASE_URL=new.url)
        unfinished = new.rows("SELECT id FROM jobs WHERE ended_at IS NULL")
        assert len(unfinished) > 3
        assert "restored" in _adopt(new)
        assert "restored" not in _adopt(new)
        stack = Stack(new, given.enter_context(rabbit.virtual_host()), tmp_path)
        given.callback(stack.stop)
        server = stack.start_server()
        for _ in range(2):
            stack.start_worker()
        door = server.door

        logs = {job: _watched(door, job) for job in before}
        for events in logs.values():
            assert [event.sequence for event in events] == list(range(1, len(events) + 1))
            assert events[-1].state == JOB_STATE_COMPLETED
        assert new.rows(_GRADED_TWICE) == []

        # A client that goes on where it was before the back-up is given all the rest.
        later = _Follower(door, seen_before[-1][0])
        later.start()
        wanted = {(event.job_id, event.sequence) for log in logs.values() for event in log}
        until(lambda: wanted <= {(e.job_id, e.sequence) for _, e in seen_before + later.events}, 60)
        later.stop()
        # One that comes from the time that is lost is told so, and where to go on.
        last = follower.events[-1][0]
        refused = refusal(lambda: door.grading.WatchJobs(messages.WatchJobsRequest(cursor=last)))
        assert refused.code is grpc.StatusCode.OUT_OF_RANGE
        assert refused.reason == "ERROR_REASON_CURSOR_TOO_OLD"
        again = _Follower(door, refused.metadata["oldest_cursor"])
        assert Cursor.read(again.cursor) < Cursor.read(last)
        again.start()
        ended = {str(row["id"]) for row in unfinished}
        until(lambda: ended <= _completed(again), 60)
        again.stop()

        # What was accepted since is gone, and can be submitted as if for the first time. But
        # what was accepted while the dump began may be in it.
        restored = {str(row["id"]) for row in new.rows("SELECT id FROM jobs")}
        assert lost.keys() - restored
        for job_id in lost.keys() - restored:
            assert _refused(door, job_id).code is grpc.StatusCode.NOT_FOUND
            assert not door.grading.SubmitJob(lost[job_id]).deduplicated


def test_the_documents_have_these_commands() -> None:
    document = (CHECKOUT / "docs" / "operations.md").read_text()
    for command in (BACK_UP, RESTORE, ADOPT):
        assert f"$ {command}" in document


def _refused(door: Door, job_id: str) -> Refused:
    return refusal(lambda: door.grading.GetJob(messages.GetJobRequest(job_id=job_id)))


def _adopt(database: Database) -> str:
    command = ADOPT.replace("python", sys.executable)
    return run_commands(
        f"cd {CHECKOUT}\n{command}", DATABASE_URL=database.url, RABBITMQ_URL="amqp://localhost"
    )
