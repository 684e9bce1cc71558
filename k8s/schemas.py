"""Finds what a cluster would refuse in an object, or drop without a word.

Kubernetes' own objects are held against its published schemas, in which no field is allowed
that they don't name. Those of others are held against the schemas in the folder ``schemas``;
an object of neither is a fault, too.
"""

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from k8s.rendering import Manifest

#: The release of Kubernetes whose schemas are asked.
VERSION = "1.37.0"

# ``kubernetes_validate.validate`` would read two megabytes for each object, and stops at the
# first fault. The schemas are what is wanted of it.
_PUBLISHED = files("kubernetes_validate") / "kubernetes-json-schema" / f"v{VERSION}-local-strict"
_OWN = Path(__file__).with_name("schemas")
#: What a container can ask for; to the schema, these are names like any other.
_RESOURCES = {"cpu", "memory", "ephemeral-storage", "storage"}


def faults(manifest: Manifest) -> Iterator[str]:
    """What is wrong with an object, one line each."""
    metadata = manifest.get("metadata") or {}
    kind, version = str(manifest.get("kind")), str(manifest.get("apiVersion"))
    name = f"{kind} {metadata.get('name')}"
    validator = _published(kind, version) or _own(kind)
    if validator is None:
        yield f"{name}: no schema of {version} is known"
        return
    for error in validator.iter_errors(manifest):
        place = ".".join(str(step) for step in error.absolute_path) or "the object"
        yield f"{name}: {place}: {error.message}"
    for asked in _asked_of(manifest):
        if asked not in _RESOURCES:
            yield f"{name}: nothing is known as {asked} that could be requested or limited"


@cache
def _registry() -> Any:
    """What the schemas refer to."""
    shared = Resource.from_contents(json.loads((_PUBLISHED / "_definitions.json").read_text()))
    registry: Any = Registry()
    return shared @ registry


@cache
def _published(kind: str, version: str) -> Any:
    """The validator of one of Kubernetes' own kinds; None where it has none of the name."""
    group, _, number = version.rpartition("/")
    stem = f"{group.split('.')[0]}-{number}" if group else number
    file = _PUBLISHED / f"{kind.lower()}-{stem}.json"
    if not file.is_file():
        return None
    return Draft202012Validator(json.loads(file.read_text()), registry=_registry())


@cache
def _own(kind: str) -> Any:
    """The validator of another's kind; its metadata are as Kubernetes has them."""
    file = _OWN / f"{kind}.yaml"
    if not file.is_file():
        return None
    return Draft202012Validator(yaml.safe_load(file.read_text()), registry=_registry())


def _asked_of(part: Any) -> Iterator[str]:
    """The names under all ``resources``."""
    if isinstance(part, list):
        for member in part:
            yield from _asked_of(member)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key == "resources" and isinstance(value, dict):
                for kind in ("requests", "limits"):
                    yield from value.get(kind) or ()
            else:
                yield from _asked_of(value)
