"""What a model answered about marked answers, kept in a folder so that it is paid for once.

The files hold a model's words, with quotes of the answers in them.
"""

import json
import os
import tempfile
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from grading.domain.usage import NO_USAGE, Usage
from grading.domain.work import WritingWork
from grading.store.provider_answers import KeptAnswer
from workers.calibration.answer_hash import answer_hash


class EvidenceFolder:
    """Kept answers under one version of the prompt.

    ``FOLDER/<prompt version>/<prompt hash>/<stage>-<hash of the answer and its task>.json``:
    another model, or other settings of it, have another prompt hash.
    """

    def __init__(self, folder: Path, prompt_version: str) -> None:
        self._folder = folder / prompt_version

    def prompt_hashes(self) -> Sequence[str]:
        """Everything that was asked under the prompt's version."""
        if not self._folder.is_dir():
            return ()
        return sorted(item.name for item in self._folder.iterdir() if item.is_dir())

    def get(self, work: WritingWork, stage: str, prompt_hash: str) -> KeptAnswer | None:
        """What is kept about ``work``; None where nothing is, or it can't be read."""
        try:
            entry = json.loads(self._file(work, stage, prompt_hash).read_text(encoding="utf-8"))
            cost = entry["cost"]
            usage = Usage(**{name: int(entry[name]) for name in NO_USAGE.tokens})
            return KeptAnswer(
                model=str(entry["model"]),
                content=str(entry["content"]),
                usage=usage,
                cost=None if cost is None else Decimal(cost),
            )
        except (OSError, ValueError, TypeError, KeyError, InvalidOperation):
            return None

    def put(self, work: WritingWork, stage: str, prompt_hash: str, answer: KeptAnswer) -> None:
        """Keep ``answer``: whole or not at all, whenever the process ends.

        Raises:
            OSError: it can't be written.
        """
        cost = None if answer.cost is None else str(answer.cost)
        tokens = answer.usage.tokens
        entry = {"model": answer.model, "content": answer.content, **tokens, "cost": cost}
        file = self._file(work, stage, prompt_hash)
        # Learners' words are in it: for the operator alone.
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, half = tempfile.mkstemp(".half", dir=file.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as half_file:
                json.dump(entry, half_file, ensure_ascii=False)
                half_file.flush()
                os.fsync(descriptor)
            Path(half).replace(file)
        except BaseException:
            Path(half).unlink(missing_ok=True)
            raise

    def forget(self, work: WritingWork, stage: str, prompt_hash: str) -> None:
        """Drop what is kept about ``work``, if anything is."""
        self._file(work, stage, prompt_hash).unlink(missing_ok=True)

    def _file(self, work: WritingWork, stage: str, prompt_hash: str) -> Path:
        return self._folder / prompt_hash / f"{stage}-{answer_hash(work)}.json"
