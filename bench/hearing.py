"""Marked answers heard by a model, as ``bench.agreement --grader openai`` does it."""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.agreement_scores import Observed
from bench.evidence_gathering import EvidenceGathering, Gathered, Spent
from bench.purse import Purse
from grading.domain.usage import NO_USAGE
from grading.provider_settings import ProviderSettings
from workers.calibration.answer_hash import answer_hash
from workers.calibration.evidence_folder import EvidenceFolder
from workers.calibration.kept_evidence import observe_kept
from workers.calibration.marks import MarkSheet
from workers.writing.llm import PROMPT_VERSION
from workers.writing.own_text import OwnText, read_own_text

#: At least so many seconds lie between two lines of progress.
_TELL_EVERY = 2.0


class NothingHeard(Exception):
    """There is nothing to report on; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The answers that the product's score is known of."""

    sheet: MarkSheet
    #: What a model saw in each; None where the product would score without it.
    evidence: Sequence[Observed | None]
    #: What the report adds: the model, what became of all answers, tokens and cost.
    told: dict[str, Any]


def hear(sheet: MarkSheet, settings: ProviderSettings, folder: Path, purse: Purse) -> Heard:
    """Ask the model about the answers of ``sheet``, as far as ``folder`` lacks them.

    Raises:
        NothingHeard: a fault ended it, or no answer has evidence.
        KeyboardInterrupt: somebody ended it.
    """
    own = [read_own_text(answer.work) for answer in sheet.answers]
    asked = [
        answer.work
        for answer, text in zip(sheet.answers, own, strict=True)
        if not _is_for_features(text)
    ]
    evidence = EvidenceFolder(folder, PROMPT_VERSION)
    gathering = EvidenceGathering(settings, evidence, purse, _Progress())
    try:
        gathered = asyncio.run(gathering.gather(asked))
    except* OSError as errors:
        raise NothingHeard(f"can't keep evidence in {folder}: {_first(errors)}") from None
    if gathered.fault:
        raise NothingHeard(
            f"{gathered.fault}; {len(gathered.kept)} of {len(asked)} answers have evidence,"
            " and the same command goes on from there"
        )
    known = [
        at
        for at, answer in enumerate(sheet.answers)
        if _is_for_features(own[at]) or answer_hash(answer.work) in gathered.kept
    ]
    if not gathered.kept:
        raise NothingHeard(f"no answer has evidence ({_why(gathered)})")
    heard = replace(sheet, answers=tuple(sheet.answers[at] for at in known))
    observed = [
        None if kept is None else observe_kept(kept, own[at])
        for at in known
        for kept in [gathered.kept.get(answer_hash(sheet.answers[at].work))]
    ]
    told = _told(settings, len(sheet.answers), observed, gathered, gathering.spent)
    return Heard(heard, observed, told)


def _is_for_features(own: OwnText) -> bool:
    """Whether the product would ask no model about it."""
    return bool(own.to_grader) or not own.words


def _told(
    settings: ProviderSettings,
    given: int,
    observed: Sequence[Observed | None],
    gathered: Gathered,
    spent: Spent,
) -> dict[str, Any]:
    usage = sum((kept.usage for kept in gathered.kept.values()), NO_USAGE)
    price = settings.price_table.get(settings.openai_model)
    return {
        "model": settings.openai_model,
        "prompt": f"{PROMPT_VERSION} {gathered.prompt_hash}",
        "answers": {
            "given": given,
            "graded": len(observed),
            "left_out": given - len(observed),
            "without_evidence": sum(seen is None for seen in observed),
            "faults": dict(gathered.failed),
            "cap": gathered.cap,
        },
        "tokens": usage.tokens,
        "cost": None if price is None else float(price.cost(usage)),
        "spent": {
            "calls": spent.calls,
            "tokens": spent.usage.tokens,
            "cost": None if spent.cost is None else float(spent.cost),
        },
    }


def _why(gathered: Gathered) -> str:
    faults = ", ".join(f"{code} {count}" for code, count in gathered.failed.items())
    return ", ".join(filter(None, (gathered.cap and f"{gathered.cap} is reached", faults))) or (
        "none is a model's to see"
    )


def _first(errors: BaseExceptionGroup[OSError]) -> str:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, OSError)
    return error.strerror or type(error).__name__


class _Progress:
    """Lines on stderr, not too many of them."""

    def __init__(self) -> None:
        self._told_at = float("-inf")

    def __call__(self, done: int, total: int, spent: Spent) -> None:
        if done < total and time.monotonic() < self._told_at + _TELL_EVERY:
            return
        self._told_at = time.monotonic()
        print(
            f"evidence on {done} of {total} answers; {_spent(spent)}", file=sys.stderr, flush=True
        )


def _spent(spent: Spent) -> str:
    cost = "" if spent.cost is None else f", ${spent.cost:.4f}"
    return f"{spent.calls} calls, {spent.usage.total} tokens{cost}"
