"""``python -m k8s.lint``: renders all of it, and tells what a cluster would not take."""

import sys
from collections.abc import Iterator
from pathlib import Path

from k8s.rendering import BASE, COMPONENTS, OVERLAYS, NotRendered, combined, render
from k8s.schemas import faults


def main() -> int:
    """Write a line for each fault; the exit code is 1 where there is any."""
    found = 0
    for fault in _faults():
        print(fault, file=sys.stderr)
        found += 1
    if not found:
        print(f"{len(OVERLAYS)} overlays and {len(COMPONENTS)} components are sound")
    return 1 if found else 0


def _faults() -> Iterator[str]:
    for overlay in OVERLAYS:
        yield from _faults_of(overlay.name, overlay)
    # An overlay doesn't have all of them.
    with combined(BASE, *COMPONENTS) as folder:
        yield from _faults_of("components", folder)


def _faults_of(name: str, folder: Path) -> Iterator[str]:
    try:
        for manifest in render(folder):
            yield from (f"{name}: {fault}" for fault in faults(manifest))
    except NotRendered as error:
        yield f"{name}: {error}"


if __name__ == "__main__":
    sys.exit(main())
