"""What the client's tests share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from client.cli import main
from client.client import GradingClient
from tests.unit.client.scripted_server import ScriptedServer

#: The command with its arguments; gives the exit code.
Run = Callable[..., int]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as started:
        yield started


@pytest.fixture
def client(server: ScriptedServer) -> Iterator[GradingClient]:
    with GradingClient(server.address, deadline=5) as made:
        yield made


@pytest.fixture
def run(server: ScriptedServer) -> Run:
    def command(*arguments: str) -> int:
        return main(["--address", server.address, "--timeout", "1", *arguments])

    return command


@pytest.fixture
def essay(tmp_path: Path) -> Path:
    path = tmp_path / "essay.txt"
    path.write_bytes("\ufeffTwo lines,\r\nunchanged.\n".encode())
    return path


@pytest.fixture
def work(tmp_path: Path, essay: Path) -> list[str]:
    prompt, points = tmp_path / "prompt.txt", tmp_path / "points.txt"
    prompt.write_text("Write an essay.\n")
    points.write_text("First\n\n  Second \n")
    files = ["--prompt-file", str(prompt), "--requirements-file", str(points)]
    return ["submit", str(essay), "--task", "2", *files]
