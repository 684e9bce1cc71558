"""``python -m k8s.lint``: renders all of it, and tells what a cluster would not take."""

import sys
from collections.abc import Iterator

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
        try:
            for manifest in render(overlay):
                yield from (f"{overlay.name}: {fault}" for fault in faults(manifest))
        except NotRendered as error:
            yield f"{overlay.name}: {error}"
    # An overlay doesn't have all of them.
    for component in COMPONENTS:
        try:
            with combined(BASE, component) as folder:
                for manifest in render(folder):
                    yield from (f"{component.name}: {fault}" for fault in faults(manifest))
        except NotRendered as error:
            yield f"{component.name}: {error}"


if __name__ == "__main__":
    sys.exit(main())
