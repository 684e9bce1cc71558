"""Encrypted connections from the client's side: the client, the command and the probe."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from client.channel import open_channel
from client.cli import main
from client.cli.session import Session
from client.health import SERVICES, Health, Status, ask
from client.probe import main as probe
from client.tls import Tls, TlsFileUnusable
from tests.stack.authority import Authority, Pair
from tests.unit.client.health_server import SERVING, ScriptedHealth, scripted_health

Told = pytest.CaptureFixture[str]

#: What the server's certificate names, beside no address.
NAME = "grading.test"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that says nothing of encryption."""
    for name in ("ADDRESS", "TLS", "CA", "CERTIFICATE", "KEY", "SERVER_NAME"):
        monkeypatch.delenv(f"VSTEP_GRADING_{name}", raising=False)
    for name in ("CERTIFICATE", "KEY", "CLIENT_CA"):
        monkeypatch.delenv(f"GRADING_TLS_{name}", raising=False)


@pytest.fixture(scope="module")
def pair(authority: Authority) -> Pair:
    return authority.issue(NAME)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that signed nothing of the server's."""
    return Authority(tmp_path_factory.mktemp("other"))


@pytest.fixture
def health(pair: Pair) -> Iterator[ScriptedHealth]:
    """A server of health with a certificate."""
    with scripted_health(grpc.ssl_server_credentials([pair.read()])) as lent:
        lent.status = dict.fromkeys(SERVICES.values(), SERVING)
        yield lent


@pytest.fixture
def asking(pair: Pair, authority: Authority) -> Iterator[ScriptedHealth]:
    """The same, and it asks who calls."""
    credentials = grpc.ssl_server_credentials([pair.read()], authority.file.read_bytes(), True)
    with scripted_health(credentials) as lent:
        lent.status = dict.fromkeys(SERVICES.values(), SERVING)
        yield lent


def _ask(server: ScriptedHealth, tls: Tls | None) -> Health:
    with open_channel(server.address, tls) as channel:
        return ask(channel, "readiness", 5)


def test_a_server_of_a_trusted_authority_is_called(
    health: ScriptedHealth, authority: Authority, pair: Pair
) -> None:
    assert _ask(health, Tls(authority.file, server_name=NAME)).serving
    # Its own certificate serves as well: then it is that one or none.
    assert _ask(health, Tls(pair.certificate, server_name=NAME)).serving


def test_others_are_not(health: ScriptedHealth, authority: Authority, other: Authority) -> None:
    for tls in (
        Tls(other.file, server_name=NAME),
        Tls(other.issue(NAME).certificate, server_name=NAME),
        Tls(authority.file),  # the certificate doesn't bear the address
        Tls(authority.file, server_name="other.test"),
        Tls(),  # no public authority signed it
        None,
    ):
        assert _ask(health, tls).status is Status.UNREACHABLE, tls


def test_a_client_shows_who_it_is_where_it_is_asked(
    asking: ScriptedHealth, authority: Authority, other: Authority
) -> None:
    known, stranger = authority.issue("app"), other.issue("app")
    assert _ask(asking, Tls(authority.file, known.certificate, known.key, NAME)).serving
    for tls in (
        Tls(authority.file, server_name=NAME),
        Tls(authority.file, stranger.certificate, stranger.key, NAME),
    ):
        assert _ask(asking, tls).status is Status.UNREACHABLE, tls


def test_files_that_cannot_be_used_are_named(pair: Pair, authority: Authority) -> None:
    strange = pair.key.with_name("strange.pem")
    strange.write_text("not PEM")
    missing = Path("/nowhere/ca.pem")
    elsewhere = authority.issue(NAME)
    for tls, said in (
        (Tls(ca=missing), f"can't read {missing}: No such file or directory"),
        (Tls(ca=strange), f"{strange} holds no certificate in PEM form"),
        (Tls(certificate=pair.certificate), "a certificate needs its key"),
        (Tls(key=pair.key), "a certificate needs its key"),
        (Tls(certificate=pair.certificate, key=missing), f"can't read {missing}"),
        (Tls(certificate=pair.certificate, key=elsewhere.key), "are no certificate and its key"),
        (Tls(certificate=strange, key=pair.key), "are no certificate and its key"),
    ):
        with pytest.raises(TlsFileUnusable) as refused:
            open_channel("127.0.0.1:1", tls)
        assert said in str(refused.value)


def test_the_command_takes_it_from_options_and_variables(
    health: ScriptedHealth, authority: Authority, monkeypatch: pytest.MonkeyPatch, capsys: Told
) -> None:
    address = ["--address", health.address]
    options = ["--ca", str(authority.file), "--server-name", NAME]
    assert main([*address, "health", "readiness"]) == 1
    assert main([*address, "--tls", "health", "readiness"]) == 1
    assert main([*address, *options, "health", "readiness"]) == 0
    monkeypatch.setenv("VSTEP_GRADING_CA", str(authority.file))
    monkeypatch.setenv("VSTEP_GRADING_SERVER_NAME", NAME)
    assert main([*address, "health", "readiness"]) == 0


@pytest.mark.parametrize("command", [["health"], ["list"]], ids=["channel", "client"])
def test_the_command_tells_of_files_as_wrong_usage(command: list[str], capsys: Told) -> None:
    assert main(["--ca", "/nowhere/ca.pem", *command]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "can't read /nowhere/ca.pem" in told


def test_a_command_that_is_told_to_be_typed_encrypts_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def told(tls: Tls | None) -> str:
        return Session("127.0.0.1:8000", 1, tls).command("watch")

    ca = Tls(Path("ca.pem"), server_name=NAME)
    assert told(None) == "vstep-grading watch"
    assert told(Tls()) == "vstep-grading --tls watch"
    assert told(ca) == f"vstep-grading --ca ca.pem --server-name {NAME} watch"
    monkeypatch.setenv("VSTEP_GRADING_CA", "ca.pem")
    assert told(ca) == f"vstep-grading --server-name {NAME} watch"


def test_the_probe_takes_it_from_options_and_variables(
    health: ScriptedHealth, authority: Authority, monkeypatch: pytest.MonkeyPatch, capsys: Told
) -> None:
    address = ["--address", health.address]
    options = ["--ca", str(authority.file), "--server-name", NAME]
    assert probe(address) == 1
    assert probe([*address, "--tls"]) == 1
    assert probe([*address, *options]) == 0
    monkeypatch.setenv("VSTEP_GRADING_CA", str(authority.file))
    monkeypatch.setenv("VSTEP_GRADING_SERVER_NAME", NAME)
    assert probe(address) == 0
    capsys.readouterr()
    assert probe([*address, "--ca", "/nowhere/ca.pem"]) == 2
    assert capsys.readouterr().err == (
        "vstep-grading-probe: can't read /nowhere/ca.pem: No such file or directory\n"
    )


@pytest.mark.parametrize("name", [NAME, "*.grading.test", "127.0.0.1"])
def test_beside_a_server_the_probe_trusts_its_certificate_whatever_its_name(
    authority: Authority, other: Authority, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = authority.issue(name)
    with scripted_health(grpc.ssl_server_credentials([shown.read()])) as lent:
        lent.status = dict.fromkeys(SERVICES.values(), SERVING)
        address = ["--address", lent.address]
        monkeypatch.setenv("GRADING_TLS_CERTIFICATE", str(shown.certificate))
        assert probe(address) == 0
        monkeypatch.setenv("GRADING_TLS_CERTIFICATE", str(other.issue(name).certificate))
        assert probe(address) == 1


def test_beside_a_server_that_asks_who_calls_the_probe_shows_the_server_s_own(
    asking: ScriptedHealth,
    pair: Pair,
    authority: Authority,
    other: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = ["--address", asking.address]
    for name, file in pair.server_settings.items():
        monkeypatch.setenv(name, file)
    assert probe(address) == 1
    monkeypatch.setenv("GRADING_TLS_CLIENT_CA", str(authority.file))
    assert probe(address) == 0
    stranger = other.issue("probe")
    monkeypatch.setenv("VSTEP_GRADING_CERTIFICATE", str(stranger.certificate))
    monkeypatch.setenv("VSTEP_GRADING_KEY", str(stranger.key))
    assert probe(address) == 1


@pytest.mark.parametrize("content", [None, "not PEM"])
def test_a_server_s_certificate_that_cannot_be_used_is_told(
    tmp_path: Path, content: str | None, monkeypatch: pytest.MonkeyPatch, capsys: Told
) -> None:
    file = tmp_path / "certificate.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("GRADING_TLS_CERTIFICATE", str(file))
    assert probe([]) == 2
    assert str(file) in capsys.readouterr().err
