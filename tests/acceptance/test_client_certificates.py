"""Callers who are known by the certificate that they connect with."""

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import pytest

from client.client import GradingClient
from client.errors import CallRefused
from client.tls import Tls
from grading.domain.caller import Scope
from tests.stack.authority import Authority
from tests.stack.callers import admit, issue, revoke
from tests.stack.stack import Server, Stack
from tests.stack.waiting import until
from vstep.grading.v1.job_pb2 import Prompt, WritingTask, WritingWork

ADDRESS = "127.0.0.1"


@pytest.fixture
def server(stack: Stack, authority: Authority) -> Server:
    """A server whose clients must show a certificate."""
    return stack.start_server(
        ready=False,
        GRADING_AUTH="required",
        GRADING_AUTH_CACHE_SECONDS="0.2",
        GRADING_TLS_CLIENT_CA=str(authority.file),
        **authority.issue(ADDRESS).server_settings,
    )


def test_a_certificate_is_good_for_what_its_name_was_given(
    server: Server, stack: Stack, authority: Authority
) -> None:
    @contextmanager
    def client(*names: str, token: str | None = None) -> Iterator[GradingClient]:
        own = authority.issue(*names)
        tls = Tls(authority.file, own.certificate, own.key)
        with GradingClient(server.door.address, deadline=10, tls=tls, token=token) as made:
            yield made

    def refused(client: GradingClient) -> str:
        with pytest.raises(CallRefused) as refusal:
            list(client.list())
        return refusal.value.reason

    app = admit(stack.database, "app.school.test", Scope.SUBMIT, Scope.READ, tenant="school")
    admit(stack.database, "reports.test", Scope.ADMIN, tenant="school")

    with client("nobody.test", "app.school.test") as known:
        until(lambda: server.running and known.list())
        job = known.submit(
            WritingWork(task=WritingTask.WRITING_TASK_ESSAY, text="An answer."),
            Prompt(text="Write."),
            user_id="learner-1",
            submission_id="submission-1",
        ).job
        assert [one.id for one in known.list()] == [job.id]
        with pytest.raises(CallRefused) as refusal:
            known.delete(job.id)
        assert refusal.value.metadata == {"scope": "admin"}
        with client("reports.test") as reports:
            assert refused(reports) == "ERROR_REASON_SCOPE_MISSING"
        with client("nobody.test") as nobody:
            assert refused(nobody) == "ERROR_REASON_UNAUTHENTICATED"
        # Who sends a token is who the token says, on whatever connection.
        token = issue(stack.database, Scope.READ, tenant="another-school").write()
        with client("app.school.test", token=token) as other:
            assert list(other.list()) == []
        with client("app.school.test", token=f"{token[:-1]}-") as other:
            assert refused(other) == "ERROR_REASON_UNAUTHENTICATED"

        watch = iter(known.watch(job.id))
        assert next(watch).sequence == 1
        revoke(stack.database, app)
        with pytest.raises(CallRefused) as refusal:
            next(watch)
        assert refusal.value.code is grpc.StatusCode.UNAUTHENTICATED
        assert refused(known) == "ERROR_REASON_UNAUTHENTICATED"
