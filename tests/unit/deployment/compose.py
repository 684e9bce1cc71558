"""Compose files read as Compose reads them: variables, then files on top of each other."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
BASE = ROOT / "docker-compose.yml"
DEVELOPMENT = ROOT / "docker-compose.override.yml"
PRODUCTION = ROOT / "docker-compose.prod.yml"

_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?:(?P<kind>:[-?])(?P<rest>[^}]*))?\})")
#: Lists that a later file adds to; of all others it takes the place.
_ADDED_TO = ("ports", "volumes", "tmpfs", "profiles")

Service = dict[str, Any]


class VariableMissing(Exception):
    """A variable that must be set is not; the message is its name."""


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """``text`` with ``${NAME}``, ``${NAME:-default}`` and ``${NAME:?message}`` replaced.

    Raises:
        VariableMissing: one of the last kind is not set.
    """

    def value(found: re.Match[str]) -> str:
        name = found["name"]
        if name is None:
            return "$"
        given = variables.get(name, "")
        if found["kind"] == ":?" and not given:
            raise VariableMissing(name)
        return given or (found["rest"] if found["kind"] == ":-" else "")

    return _VARIABLE.sub(value, text)


def named_variables(*files: Path) -> dict[str, set[str]]:
    """Every variable that ``files`` ask for, with its defaults."""
    named: dict[str, set[str]] = {}
    for file in files:
        for found in _VARIABLE.finditer(_without_comments(file)):
            if found["name"]:
                default = found["rest"] if found["kind"] == ":-" else None
                named.setdefault(found["name"], set()).update([] if default is None else [default])
    return named


def stack(*files: Path, variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What Compose makes of ``files``.

    Raises:
        VariableMissing: one that must be set is not among ``variables``.
    """
    merged: dict[str, Any] = {}
    for file in files:
        read = _values(_read(file), variables or {})
        merged = _merged(merged, read)
    return merged


def services(*files: Path, variables: Mapping[str, str] | None = None) -> dict[str, Service]:
    """The services of ``stack``."""
    found: dict[str, Service] = stack(*files, variables=variables)["services"]
    return found


def environment(service: Service, variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a container: a variable without a value is handed on if it is set."""
    given = variables or {}
    return {
        name: given[name] if value is None else str(value)
        for name, value in service.get("environment", {}).items()
        if value is not None or name in given
    }


@cache
def _read(file: Path) -> Any:
    return yaml.safe_load(file.read_text())


def _without_comments(file: Path) -> str:
    lines = file.read_text().splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def _values(part: Any, variables: Mapping[str, str]) -> Any:
    match part:
        case str():
            return interpolated(part, variables)
        case dict():
            return {
                key: _values(value, variables)
                for key, value in part.items()
                # What only other parts are made of.
                if not str(key).startswith("x-")
            }
        case list():
            return [_values(item, variables) for item in part]
    return part


def _merged(below: Any, above: Any, key: str = "") -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return below | {name: _merged(below.get(name), above[name], name) for name in above}
    if isinstance(below, list) and isinstance(above, list) and key in _ADDED_TO:
        return below + above
    return above
