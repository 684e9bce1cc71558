"""The evidence in a folder, as far as the product would score by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grading.domain.work import WritingWork
from grading.rubric.observation import Observation
from grading.store.provider_answers import KeptAnswer
from workers.calibration.evidence_folder import EvidenceFolder
from workers.evidence.to_grader import passages_to_grader
from workers.evidence.witness import EVIDENCE
from workers.providers.faults import ProviderFault
from workers.writing.evidence.form import EvidenceAndFeedbackForm
from workers.writing.evidence.question import reader_of
from workers.writing.own_text import OwnText, read_own_text

Observations = tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
class KeptEvidence:
    """What one model, asked in one way, saw in some of the answers."""

    #: The model, as the provider calls it.
    model: str
    prompt_hash: str
    #: By the place of the answer in the list that was asked for.
    observed: Mapping[int, Observations]


def read_evidence(folder: EvidenceFolder, works: Sequence[WritingWork]) -> KeptEvidence | None:
    """The evidence on most of ``works``; None where the folder has none on any.

    A folder may hold what several models said; the one that was asked about most of them is
    taken, since a calibration fits one.
    """
    own = [read_own_text(work) for work in works]
    found = [
        kept
        for prompt_hash in folder.prompt_hashes()
        if (kept := _read(folder, prompt_hash, works, own)) is not None
    ]
    return max(found, key=lambda kept: len(kept.observed), default=None)


def observe_kept(kept: KeptAnswer, own: OwnText) -> Observations | None:
    """What is observed by a kept answer.

    None where the product would score without it: the answer speaks to the grader, nothing in
    it is the writer's own, or what was kept can't be used.
    """
    if own.to_grader or not own.words:
        return None
    try:
        evidence = reader_of(EvidenceAndFeedbackForm, own)(kept.content)
    except ProviderFault:
        return None
    return None if passages_to_grader(evidence.form, own) else evidence.observations


def _read(
    folder: EvidenceFolder, prompt_hash: str, works: Sequence[WritingWork], own: Sequence[OwnText]
) -> KeptEvidence | None:
    model = ""
    observed: dict[int, Observations] = {}
    for at, work in enumerate(works):
        kept = folder.get(work, EVIDENCE, prompt_hash)
        found = None if kept is None else observe_kept(kept, own[at])
        if kept is not None and found is not None:
            model, observed[at] = kept.model, found
    return KeptEvidence(model, prompt_hash, observed) if observed else None
