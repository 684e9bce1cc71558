"""A client with a token: shown in every call, and never sent to others in plain text."""

from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest

from client.authorization import TokenUnprotected, TokenUnusable
from client.cli import main
from client.client import GradingClient
from client.errors import CallRefused
from client.tls import Tls
from vstep.grading.v1.job_pb2 import Prompt, WritingWork

TOKEN = "vstep_0123456789ab_" + "0" * 64


class _Porter(grpc.GenericRpcHandler):
    """Refuses everybody, and notes what they showed."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, list[Any]]] = []

    def service(self, details: Any) -> Any:
        shown = [value for key, value in details.invocation_metadata if key == "authorization"]
        self.shown.append((details.method.rpartition("/")[2], shown))

        def refuse(request: Any, context: grpc.ServicerContext) -> Any:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "who is it?")

        return grpc.stream_stream_rpc_method_handler(refuse)


@pytest.fixture
def porter() -> Any:
    made = _Porter()
    server = grpc.server(futures.ThreadPoolExecutor(2), handlers=[made])
    made.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"  # type: ignore[attr-defined]
    server.start()
    yield made
    server.stop(None).wait()


def test_every_call_shows_the_token(porter: Any, tmp_path: Path) -> None:
    recording = tmp_path / "answer.wav"
    recording.write_bytes(b"RIFF")
    with GradingClient(porter.address, deadline=5, token=TOKEN) as client:
        calls = (
            lambda: client.submit(WritingWork(), Prompt(), user_id="u", submission_id="s"),
            lambda: client.submit_batch([]),
            lambda: client.upload(recording, user_id="u"),
            lambda: client.get("job"),
            lambda: list(client.list()),
            lambda: list(client.watch("job")),
            lambda: list(client.follow()),
            lambda: client.wait("job"),
            lambda: client.result("job"),
            lambda: client.cancel("job"),
            lambda: client.retry("job"),
            lambda: client.delete("job"),
        )
        for call in calls:
            with pytest.raises(CallRefused) as refused:
                call()
            assert refused.value.code is grpc.StatusCode.UNAUTHENTICATED
            assert TOKEN not in str(refused.value) + repr(refused.value)
    assert len({method for method, _ in porter.shown}) == 12
    assert all(shown == [f"Bearer {TOKEN}"] for _, shown in porter.shown)


def test_without_a_token_nothing_is_shown(porter: Any) -> None:
    with GradingClient(porter.address, deadline=5) as client, pytest.raises(CallRefused):
        client.get("job")
    assert porter.shown == [("GetJob", [])]


@pytest.mark.parametrize(
    "address",
    ["grading:8000", "10.0.0.1:8000", "0.0.0.0:8000", "[2001:db8::1]:8000", "dns:///grading:8000",
     "ipv4:127.0.0.1:8000,10.0.0.1:8000", "localhost.example.org:8000", "127.0.0.1.nip.io:8000",
     "dns://127.0.0.1/grading:8000"],
)  # fmt: skip
def test_a_token_is_not_sent_to_another_machine_in_plain_text(address: str) -> None:
    with pytest.raises(TokenUnprotected):
        GradingClient(address, token=TOKEN)
    GradingClient(address, token=TOKEN, tls=Tls()).close()


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:8000", "localhost:8000", "localhost", "[::1]:8000", "ipv6:[::1]:8000",
     "dns:///localhost:8000", "ipv4:127.0.0.1:8000,127.0.0.2:8000", "unix:/run/grading.sock"],
)  # fmt: skip
def test_a_token_is_sent_to_this_machine(address: str) -> None:
    GradingClient(address, token=TOKEN).close()


@pytest.mark.parametrize("token", ["", "two words", "a\nb", "trường", "\x00"])
def test_what_cannot_be_a_token_is_not_sent(token: str) -> None:
    with pytest.raises(TokenUnusable) as refused:
        GradingClient("127.0.0.1:8000", token=token)
    assert not token or token not in str(refused.value)


def _command(porter: Any, *options: str) -> list[Any]:
    assert main(["--address", porter.address, "--timeout", "5", *options, "list"]) == 1
    return [shown for _, shown in porter.shown]


def test_the_command_takes_its_token_from_a_variable_or_a_file(
    porter: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("VSTEP_GRADING_TOKEN", "VSTEP_GRADING_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "token"
    file.write_text("from-a-file\n")
    _command(porter)
    monkeypatch.setenv("VSTEP_GRADING_TOKEN", TOKEN)
    _command(porter)
    _command(porter, "--token-file", str(file))
    monkeypatch.setenv("VSTEP_GRADING_TOKEN_FILE", str(file))
    shown = _command(porter)
    assert shown == [[], [f"Bearer {TOKEN}"], *[["Bearer from-a-file"]] * 2]
    said = capsys.readouterr()
    assert TOKEN not in said.out + said.err

    for content, says in ((None, "can't read"), ("\n", "is empty")):
        file.unlink(missing_ok=True)
        if content is not None:
            file.write_text(content)
        assert main(["list"]) == 2
        assert says in capsys.readouterr().err
