"""The calls about one answer of a benchmark."""

from decimal import Decimal

from bench.purse import Purse
from bench.token_bucket import TokenBucket
from grading.domain.work import WritingWork
from grading.store.provider_answers import KeptAnswer, ProviderCall
from workers.calibration.evidence_folder import EvidenceFolder


class AnswerLedger:
    """A CallLedger that keeps usable answers in a folder."""

    def __init__(
        self, folder: EvidenceFolder, work: WritingWork, purse: Purse, bucket: TokenBucket | None
    ) -> None:
        self._folder = folder
        self._work = work
        self._purse = purse
        self._bucket = bucket
        #: All calls, whatever came of them.
        self.calls: list[ProviderCall] = []

    async def recall(self, stage: str, prompt_hash: str) -> KeptAnswer | None:
        """What the folder holds."""
        return self._folder.get(self._work, stage, prompt_hash)

    async def record(self, call: ProviderCall) -> None:
        """Keep a call, and its answer for the next start.

        Raises:
            OSError: the answer can't be written.
        """
        self.calls.append(call)
        if call.answer is not None:
            self._folder.put(self._work, call.stage, call.prompt_hash, call.answer)

    async def spent(self) -> Decimal:
        """What this start has cost: other months and processes are not known here."""
        return self._purse.spent

    async def take_tokens(self, model: str, tokens: int) -> float:
        """Take ``tokens`` from what a minute allows this process."""
        del model
        return 0.0 if self._bucket is None else self._bucket.take(tokens)

    async def return_tokens(self, model: str, tokens: int) -> None:
        """Give back what was taken and not used."""
        del model
        if self._bucket is not None:
            self._bucket.give_back(tokens)
