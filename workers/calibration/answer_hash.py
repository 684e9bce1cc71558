"""Names for answers that tell nothing of them."""

import hashlib
import json

from grading.domain.work import WritingWork


def answer_hash(work: WritingWork) -> str:
    """The hash of an answer and its task, by which folders know it; no two share one."""
    asked = [int(work.task), work.text, work.prompt.text, *work.prompt.requirements]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()
