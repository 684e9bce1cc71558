"""The previous release's code, from the history of the checkout."""

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

from tests.releases.contract import previous_release
from tests.stack.process import CHECKOUT

_MIGRATIONS = "grading/store/migrations/versions/"


def unpack_previous_code(folder: Path) -> Path | None:
    """Unpack the last code that was written for the previous release's schema.

    None where there is no history that goes back so far, as in a tarball.
    """
    version = previous_release().version
    added = _git("log", "--first-parent", "-m", "--diff-filter=A", "--format=%H", "--", _MIGRATIONS)
    for commit in added.decode().split():
        before = f"{commit}^1"
        names = _git("ls-tree", "--name-only", before, _MIGRATIONS).decode().split()
        versions = [Path(name).name[:4] for name in names if Path(name).name[0].isdigit()]
        if versions and max(versions) == version:
            archive = _git("archive", "--format=tar", before)
            with tarfile.open(fileobj=BytesIO(archive)) as packed:
                packed.extractall(folder, filter="data")
            return folder
    return None


def _git(*arguments: str) -> bytes:
    """What git says; nothing where it has no history to tell of."""
    try:
        return subprocess.run(
            ["git", "-C", str(CHECKOUT), *arguments], capture_output=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return b""
