"""What an installation holds: every package, and the files that its code reads."""

import tomllib
from fnmatch import fnmatch
from pathlib import Path

from tests.stack.process import CHECKOUT

PARTS = ("bench", "client", "embedded", "grading", "server", "workers")
#: Of packages, but for their documentation.
_CODE = {".py", ".pyc"}

_SETUPTOOLS = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["setuptools"]


def _packages() -> dict[str, Path]:
    folders = [
        file.parent for part in PARTS for file in sorted((CHECKOUT / part).rglob("__init__.py"))
    ]
    return {".".join(folder.relative_to(CHECKOUT).parts): folder for folder in folders}


def test_every_package_is_installed() -> None:
    assert set(_packages()) <= set(_SETUPTOOLS["packages"])


def test_so_is_what_lies_beside_the_code() -> None:
    patterns = _SETUPTOOLS["package-data"]["*"]
    beside = [
        file
        for folder in _packages().values()
        for file in folder.iterdir()
        if file.is_file() and file.suffix not in _CODE
    ]
    assert beside
    assert [file for file in beside if not any(fnmatch(file.name, way) for way in patterns)] == []
