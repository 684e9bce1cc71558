"""Callers while the database is down: who is known goes on, and nobody is called a stranger."""

from pathlib import Path

import grpc

from grading.store.credentials import Token
from grading.store.schema import migrate
from tests.stack.callers import issue, showing
from tests.stack.door import Door, Refused, Watcher, refusal
from tests.stack.postgres import Database, private_postgres
from tests.stack.stack import Server, Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages

UNAVAILABLE = (grpc.StatusCode.UNAVAILABLE, "ERROR_REASON_STORE_UNAVAILABLE")


def _said(refused: Refused) -> tuple[grpc.StatusCode, str]:
    return refused.code, refused.reason


def _get(door: Door, token: Token, job_id: str) -> Refused:
    request = messages.GetJobRequest(job_id=job_id)
    return refusal(lambda: door.grading.GetJob(request, metadata=showing(token), timeout=20))


def _listed(door: Door, token: Token) -> bool:
    try:
        door.grading.ListJobs(messages.ListJobsRequest(), metadata=showing(token), timeout=10)
    except grpc.RpcError:
        return False
    return True


def test_while_the_database_is_down(broker_url: str, tmp_path: Path) -> None:
    with private_postgres() as postgres:
        database = Database(postgres.url)
        engine = database.make_engine(pool_size=1)
        migrate(engine)
        engine.dispose()
        stack = Stack(database, broker_url, tmp_path)
        try:

            def start(grace: str) -> Server:
                return stack.start_server(
                    GRADING_AUTH="required",
                    GRADING_AUTH_CACHE_SECONDS="0.2",
                    GRADING_AUTH_GRACE_SECONDS=grace,
                )

            patient, hasty = start("3600"), start("0")
            known = issue(database)
            request = submission()
            job = patient.door.grading.SubmitJob(request, metadata=showing(known)).job
            watchers = [
                Watcher(server.door, job.id, metadata=showing(known)) for server in (patient, hasty)
            ]
            until(lambda: all(watcher.sequences == [1] for watcher in watchers))

            postgres.stop()

            # Its caller can't be told any more, and is not called a stranger for that.
            assert _said(watchers[1].wait()) == UNAVAILABLE
            for server, token in ((patient, known), (patient, Token.new()), (hasty, known)):
                refused = _get(server.door, token, job.id)
                assert _said(refused) == UNAVAILABLE
            assert watchers[0].end is None

            postgres.start()
            until(lambda: _listed(patient.door, known))
            stranger = _get(patient.door, Token.new(), job.id)
            assert stranger.code is grpc.StatusCode.UNAUTHENTICATED
            cancel = messages.CancelJobRequest(job_id=job.id)
            patient.door.grading.CancelJob(cancel, metadata=showing(known))
            assert watchers[0].wait().code is grpc.StatusCode.OK
            assert watchers[0].sequences == [1, 2]
        finally:
            stack.stop()
