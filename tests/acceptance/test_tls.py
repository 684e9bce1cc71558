"""A server with a certificate: who gets in, and how the certificate is replaced."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import grpc
import pytest

from client.channel import open_channel
from client.client import GradingClient
from client.errors import CallRefused
from client.health import Status, ask
from client.tls import Tls
from tests.stack.authority import Authority
from tests.stack.door import READINESS, Door, refusal
from tests.stack.process import CHECKOUT, environment
from tests.stack.stack import Server, Stack
from tests.stack.submissions import submission
from tests.stack.waiting import until
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.grading_service_pb2_grpc import GradingServiceStub

ADDRESS = "127.0.0.1"


def _health(server: Server, tls: Tls | None) -> Status:
    with open_channel(server.door.address, tls) as channel:
        return ask(channel, "readiness", 2).status


def _ready(server: Server, tls: Tls) -> None:
    def look() -> bool:
        assert server.running, server.output()
        return _health(server, tls) is Status.SERVING

    until(look, 30)


def _run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=CHECKOUT,
        env=environment(variables),
        capture_output=True,
        text=True,
        timeout=30,
    )


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


class _EncryptedDoor(Door):
    """The stubs on an encrypted channel of its own."""

    def __init__(self, server: Server, authority: Authority) -> None:
        super().__init__(server.door.address)
        self.channel.close()
        self.channel = grpc.secure_channel(
            self.address,
            grpc.ssl_channel_credentials(authority.file.read_bytes()),
            options=[("grpc.use_local_subchannel_pool", 1)],
        )
        self.grading = GradingServiceStub(self.channel)


def test_whoever_trusts_the_server_gets_in_and_nobody_else(
    stack: Stack, authority: Authority, tmp_path: Path
) -> None:
    pair, trusted = authority.issue(ADDRESS), Tls(authority.file)
    server = stack.start_server(ready=False, **pair.server_settings)
    _ready(server, trusted)
    with GradingClient(server.door.address, tls=trusted) as client:
        assert list(client.list()) == []
    address, ca = server.door.address, str(authority.file)
    listed = _run(_program("grpcurl"), "-cacert", ca, address, "list")
    assert READINESS in listed.stdout.split(), listed.stderr
    asked = _run(
        _program("buf"), "curl", "--protocol", "grpc", "--cacert", ca,
        f"https://{address}/{READINESS}/ListJobs", "--data", "{}",
    )  # fmt: skip
    assert json.loads(asked.stdout) == {}, asked.stderr
    # The probe of a container sees the server's own environment.
    probed = _run(_program("vstep-grading-probe"), PORT=str(server.port), **pair.server_settings)
    assert (probed.returncode, probed.stdout) == (0, "readiness: SERVING\n"), probed.stderr

    stranger = Authority(tmp_path)
    assert _health(server, Tls(stranger.file)) is Status.UNREACHABLE
    with GradingClient(server.door.address, deadline=1, tls=Tls(stranger.file)) as client:
        with pytest.raises(CallRefused) as refused:
            client.get("01970000-0000-7000-8000-000000000001")
        assert refused.value.code is grpc.StatusCode.UNAVAILABLE
    assert refusal(lambda: server.door.grading.ListJobs(messages.ListJobsRequest())).code is (
        grpc.StatusCode.UNAVAILABLE
    )
    probed = _run(_program("vstep-grading-probe"), PORT=str(server.port))
    assert (probed.returncode, probed.stderr) == (1, "")

    # Whatever strangers sent, the server is up, and every line of its log is one of JSON.
    assert _health(server, trusted) is Status.SERVING
    [told] = [line for line in _events(server) if line["event"] == "tls_certificate"]
    assert told["valid"]
    assert told["days_left"] > 300


def test_where_clients_are_known_by_certificates_others_do_not_get_in(
    stack: Stack, authority: Authority, tmp_path: Path
) -> None:
    pair, known, stranger = (
        authority.issue(ADDRESS),
        authority.issue("app"),
        Authority(tmp_path).issue("app"),
    )
    server = stack.start_server(
        ready=False, GRADING_TLS_CLIENT_CA=str(authority.file), **pair.server_settings
    )
    _ready(server, Tls(authority.file, known.certificate, known.key))
    assert _health(server, Tls(authority.file)) is Status.UNREACHABLE
    unknown = Tls(authority.file, stranger.certificate, stranger.key)
    assert _health(server, unknown) is Status.UNREACHABLE
    command = _run(
        _program("vstep-grading"), "list", "--json",
        VSTEP_GRADING_ADDRESS=server.door.address,
        VSTEP_GRADING_CA=str(authority.file),
        VSTEP_GRADING_CERTIFICATE=str(known.certificate),
        VSTEP_GRADING_KEY=str(known.key),
    )  # fmt: skip
    assert json.loads(command.stdout) == {"jobs": []}, command.stderr


def test_a_new_certificate_is_shown_to_new_connections_and_open_streams_go_on(
    stack: Stack, authority: Authority, tmp_path: Path
) -> None:
    successor = Authority(tmp_path)
    pair = authority.issue(ADDRESS)
    server = stack.start_server(ready=False, **pair.server_settings)
    _ready(server, Tls(authority.file))
    before = _EncryptedDoor(server, authority)
    job = before.grading.SubmitJob(submission()).job
    watcher = before.watch(job.id)
    until(lambda: watcher.sequences == [1])

    pair.replace_with(successor.issue(ADDRESS))

    _ready(server, Tls(successor.file))
    assert _health(server, Tls(authority.file)) is Status.UNREACHABLE
    # The connection that was open before carries calls and its stream as if nothing had been.
    cancelled = before.grading.CancelJob(messages.CancelJobRequest(job_id=job.id)).job
    assert watcher.wait(10).code is grpc.StatusCode.OK
    assert watcher.cursor == cancelled.last_sequence
    before.close()

    pair.key.write_text("half a key")
    told = until(
        lambda: [line for line in _events(server) if line["event"] == "tls_files_not_used"]
    )
    assert told[0]["error"].startswith("GRADING_TLS_KEY: ")
    assert _health(server, Tls(successor.file)) is Status.SERVING


def _events(server: Server) -> list[dict[str, Any]]:
    whole_lines = server.output().rpartition("\n")[0]
    return [json.loads(line) for line in whole_lines.splitlines()]


def test_files_that_cannot_be_used_stop_the_start(stack: Stack, authority: Authority) -> None:
    settings = {**stack.settings, **authority.issue(ADDRESS).server_settings}
    settings["GRADING_TLS_KEY"] = "/nowhere/file.pem"
    ended = _run(sys.executable, "-m", "server", **settings)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        "GRADING_TLS_KEY: can't read /nowhere/file.pem: No such file or directory\n"
    )
