"""``vstep-grading-probe`` and ``vstep-grading health``."""

import json
import time
from collections.abc import Iterator

import pytest

from client.cli import main
from client.health import SERVICES
from client.probe import main as probe
from embedded.ports import free_port
from tests.unit.client.health_server import NOT_SERVING, SERVING, ScriptedHealth, scripted_health

Told = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that names no service."""
    for name in ("VSTEP_GRADING_ADDRESS", "PORT", "GRADING_TLS_CERTIFICATE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def health() -> Iterator[ScriptedHealth]:
    with scripted_health() as lent:
        lent.status = dict.fromkeys(SERVICES.values(), SERVING)
        yield lent


@pytest.mark.parametrize("name", [*SERVICES, "", "vstep.grading.v1.GradingService"])
def test_the_probe_tells_a_name_that_serves_from_one_that_does_not(
    health: ScriptedHealth, name: str, capsys: Told
) -> None:
    assert probe([name, "--address", health.address]) == 0
    assert capsys.readouterr().out == f"{name or 'liveness'}: SERVING\n"
    health.status[SERVICES.get(name, name)] = NOT_SERVING
    assert probe([name, "--address", health.address]) == 1
    assert capsys.readouterr().out == f"{name or 'liveness'}: NOT_SERVING\n"


def test_without_a_name_the_probe_asks_for_readiness(health: ScriptedHealth, capsys: Told) -> None:
    health.status[""] = NOT_SERVING
    assert probe(["--address", health.address]) == 0
    assert capsys.readouterr().out == "readiness: SERVING\n"


def test_beside_a_server_the_probe_finds_its_port(
    health: ScriptedHealth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", health.address.rpartition(":")[2])
    assert probe([]) == 0
    monkeypatch.setenv("VSTEP_GRADING_ADDRESS", f"127.0.0.1:{free_port()}")
    assert probe([]) == 1


def test_a_name_that_nobody_knows_does_not_serve(health: ScriptedHealth, capsys: Told) -> None:
    assert probe(["redis", "--address", health.address]) == 1
    assert capsys.readouterr().out == "redis: SERVICE_UNKNOWN\n"


def test_a_server_that_is_down_is_told_on_one_line(capsys: Told) -> None:
    assert probe(["--address", f"127.0.0.1:{free_port()}"]) == 1
    told = capsys.readouterr()
    assert told.out.startswith("readiness: UNREACHABLE (UNAVAILABLE: ")
    assert (told.out.count("\n"), told.err) == (1, "")


def test_a_server_that_hangs_is_given_up_in_time(health: ScriptedHealth, capsys: Told) -> None:
    health.answering.clear()
    began = time.monotonic()
    assert probe(["--address", health.address, "--timeout", "0.2"]) == 1
    assert time.monotonic() - began < 5
    assert "DEADLINE_EXCEEDED" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["a", "b"], ["--timeout", "0"], ["--timeout", "soon"]])
def test_misuse_has_a_code_of_its_own(arguments: list[str], capsys: Told) -> None:
    with pytest.raises(SystemExit) as ended:
        probe(arguments)
    assert ended.value.code == 2
    assert "usage: vstep-grading-probe" in capsys.readouterr().err


def test_the_command_tells_every_name(health: ScriptedHealth, capsys: Told) -> None:
    assert main(["--address", health.address, "health"]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        [name, "SERVING"] for name in SERVICES
    ]
    health.status["rabbitmq"] = NOT_SERVING
    assert main(["--address", health.address, "health", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["services"]
    assert [(each["name"], each["service"]) for each in found] == list(SERVICES.items())
    assert [each["name"] for each in found if each["status"] != "SERVING"] == ["rabbitmq"]


def test_the_command_asks_for_the_names_it_is_given(health: ScriptedHealth, capsys: Told) -> None:
    health.status["postgres"] = NOT_SERVING
    assert main(["--address", health.address, "health", "workers", "rabbitmq"]) == 0
    assert main(["--address", health.address, "health", "workers", "redis"]) == 1
    assert capsys.readouterr().out.splitlines()[-1].split() == ["redis", "SERVICE_UNKNOWN"]


def test_a_watch_tells_each_change_once(
    health: ScriptedHealth, capsys: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0

    def pause(seconds: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 2:
            health.status["workers"] = NOT_SERVING
        if looks == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr("client.cli.health.time.sleep", pause)
    command = ["--address", health.address, "health", "workers", "postgres", "--watch", "--json"]
    assert main(command) == 130
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["name"], each["status"]) for each in told] == [
        ("workers", "SERVING"),
        ("postgres", "SERVING"),
        ("workers", "NOT_SERVING"),
    ]
