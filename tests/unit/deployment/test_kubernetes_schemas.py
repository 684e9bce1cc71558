"""What ``make lint`` finds in ``k8s/``: misspelt fields, wherever they stand."""

import copy
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from k8s.rendering import FOLDER, OVERLAYS, Manifest, NotRendered, render
from k8s.schemas import faults
from tests.unit.deployment.cluster import Cluster

#: Under these, any name is right; in a Service, under its selector as well.
_FREE = {"annotations", "data", "labels", "matchLabels"}
_LABELS_OF_PODS = ("spec", "selector")


def _fields(part: Any, *steps: str | int) -> Iterator[tuple[str | int, ...]]:
    """The place of every field whose name can be wrong."""
    if isinstance(part, list):
        for index, member in enumerate(part):
            yield from _fields(member, *steps, index)
    elif isinstance(part, dict):
        for name, value in part.items():
            if steps or name not in {"apiVersion", "kind"}:
                yield *steps, name
            if name not in _FREE:
                yield from _fields(value, *steps, name)


def _misspelt(manifest: Manifest, place: tuple[str | int, ...]) -> Manifest:
    wrong = copy.deepcopy(manifest)
    holder: Any = wrong
    for step in place[:-1]:
        holder = holder[step]
    name = str(place[-1])
    holder[f"{name}s"] = holder.pop(name)
    return wrong


def test_nothing_is_wrong(cluster: Cluster) -> None:
    assert [fault for manifest in cluster.manifests for fault in faults(manifest)] == []


def test_a_misspelt_field_is_found_wherever_it_stands(
    production: Cluster, development: Cluster
) -> None:
    [monitor] = render(FOLDER / "components" / "pod-monitor")
    one_of_each = {
        manifest["kind"]: manifest
        for manifest in (*development.manifests, *production.manifests, monitor)
    }
    assert {"Deployment", "Job", "NetworkPolicy", "PodMonitor", "ScaledObject", "StatefulSet"} <= (
        one_of_each.keys()
    )
    overlooked = [
        (kind, place)
        for kind, manifest in one_of_each.items()
        for place in _fields(manifest)
        if not (kind == "Service" and place[:-1] == _LABELS_OF_PODS)
        if not list(faults(_misspelt(manifest, place)))
    ]
    assert overlooked == []


def test_an_object_that_no_schema_tells_of_is_a_fault(production: Cluster) -> None:
    [budget, *_] = production.of("PodDisruptionBudget")
    assert list(faults({**budget, "kind": "PodDisruptionsBudget"}))
    assert list(faults({**budget, "apiVersion": "policy/v1beta1"}))


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("base/server/deployment.yaml", "readinessProbe:", "readynessProbe:"),
        ("base/worker-writing/worker.yaml", "limits:", "limit:"),
        ("components/keda/speaking.yaml", "maxReplicaCount:", "maxReplicasCount:"),
        ("components/tls/server.yaml", "secretName:", "secret_name:"),
        ("overlays/production/network-policies.yaml", "cidr:", "CIDR:"),
    ],
)
def test_so_it_is_in_files_and_patches(file: str, right: str, wrong: str, tmp_path: Path) -> None:
    copied = _copy_with(file, right, wrong, tmp_path)
    found = [
        fault
        for manifest in render(copied / "overlays" / "production")
        for fault in faults(manifest)
    ]
    assert found
    assert any(wrong.removesuffix(":") in fault for fault in found)


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("base/kustomization.yaml", "configMapGenerator:", "configMapGenerators:"),
        ("base/kustomization.yaml", "- server\n", "- servers\n"),
        ("components/tls/server.yaml", "name: vstep-grading-server", "name: vstep-grading"),
        ("components/recordings-s3/variables.yaml", "/containers/0/", "/containers/1/"),
    ],
)
def test_what_kustomize_itself_refuses(file: str, right: str, wrong: str, tmp_path: Path) -> None:
    copied = _copy_with(file, right, wrong, tmp_path)
    with pytest.raises(NotRendered):
        render(copied / "overlays" / "production")


def test_lint_fails_and_names_the_field(tmp_path: Path) -> None:
    _copy_with("base/migration/job.yaml", "backoffLimit:", "backOffLimit:", tmp_path)
    ended = subprocess.run(
        [sys.executable, "-m", "k8s.lint"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "production: Job vstep-grading-migrate-" in ended.stderr
    assert "backOffLimit" in ended.stderr
    # Each overlay has it, and so has the base with all components.
    assert len(ended.stderr.splitlines()) == len(OVERLAYS) + 1


def _copy_with(file: str, right: str, wrong: str, folder: Path) -> Path:
    """A copy of ``k8s/`` in which ``file`` has ``wrong`` in the place of ``right``."""
    copied = folder / "k8s"
    shutil.copytree(FOLDER, copied)
    text = (copied / file).read_text()
    assert right in text
    (copied / file).write_text(text.replace(right, wrong))
    return copied
