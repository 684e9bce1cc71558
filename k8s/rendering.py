"""Renders kustomizations, with the kustomize that is part of kubectl."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

#: A Kubernetes object as it would be sent to a cluster.
Manifest = dict[str, Any]

FOLDER = Path(__file__).parent
BASE = FOLDER / "base"
OVERLAYS = tuple(sorted(file.parent for file in FOLDER.glob("overlays/*/kustomization.yaml")))
COMPONENTS = tuple(sorted(file.parent for file in FOLDER.glob("components/*/kustomization.yaml")))

# Installed beside the interpreter, whatever the PATH holds.
_KUBECTL = Path(sys.executable).with_name("kubectl")


class NotRendered(Exception):
    """A kustomization is wrong; the message is kustomize's."""


def render(folder: Path) -> list[Manifest]:
    """The objects that the kustomization in ``folder`` gives.

    Raises:
        NotRendered: it names a file, a field or a target that isn't there.
    """
    command = [str(_KUBECTL), "kustomize", str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if ended.returncode != 0:
        raise NotRendered(ended.stderr.strip())
    return [manifest for manifest in yaml.safe_load_all(ended.stdout) if manifest]


@contextmanager
def combined(resource: Path, *components: Path) -> Iterator[Path]:
    """A folder whose kustomization is ``resource`` with ``components``."""
    with TemporaryDirectory() as made:
        # kustomize takes relative paths alone, and follows no link.
        folder = Path(made).resolve()
        content = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [os.path.relpath(resource.resolve(), folder)],
            "components": [os.path.relpath(part.resolve(), folder) for part in components],
        }
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(content))
        yield folder
