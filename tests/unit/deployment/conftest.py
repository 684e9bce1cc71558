"""The clusters that the kustomizations of ``k8s/`` make."""

from functools import cache
from pathlib import Path

import pytest

from k8s.rendering import FOLDER, combined, render
from tests.unit.deployment.cluster import Cluster

DEVELOPMENT, PRODUCTION = FOLDER / "overlays" / "development", FOLDER / "overlays" / "production"

#: Each overlay as it stands, and with the components that it names but leaves out.
_CLUSTERS: dict[str, tuple[Path, tuple[str, ...]]] = {
    "development": (DEVELOPMENT, ()),
    "development-with-providers": (DEVELOPMENT, ("language-model", "transcription")),
    "production": (PRODUCTION, ()),
    "production-with-all": (
        PRODUCTION,
        ("language-model", "transcription", "pod-monitor", "tracing"),
    ),
}


@cache
def _cluster(name: str) -> Cluster:
    overlay, components = _CLUSTERS[name]
    parts = [FOLDER / "components" / component for component in components]
    with combined(overlay, *parts) as folder:
        return Cluster(render(folder), _example(overlay))


def _example(overlay: Path) -> dict[str, str]:
    """What the Secret holds once the example of an overlay is filled in."""
    lines = (overlay / "secret.env.example").read_text().replace("changeme", "chosen").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@pytest.fixture(params=_CLUSTERS)
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """Each of the clusters in turn."""
    return _cluster(request.param)


@pytest.fixture
def production() -> Cluster:
    """The production overlay as it stands."""
    return _cluster("production")


@pytest.fixture
def development() -> Cluster:
    """The development overlay as it stands."""
    return _cluster("development")
