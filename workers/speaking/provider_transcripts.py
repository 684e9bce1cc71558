"""Transcripts of a provider, and of the embedded recogniser where that gives none."""

from dataclasses import replace
from pathlib import Path

from grading.domain.fallback import BudgetAction, Fallback
from grading.exceptions import WorkerStopping
from workers import metrics
from workers.grader import Run
from workers.providers.caller import Caller, Question
from workers.providers.consequence import go_on_without
from workers.providers.faults import ProviderFault
from workers.providers.transcription import Speech
from workers.providers.waiting import await_call, see_out
from workers.speaking.encoding import TRANSCRIPTION_VERSION
from workers.speaking.listening import Opened
from workers.speaking.progress import DECODED, Step, progress_at
from workers.speaking.told_transcript import reader_of
from workers.speaking.transcripts import Transcription, Transcripts

#: The stage under which an answer is kept.
TRANSCRIPTION = "transcription"


class ProviderTranscripts:
    """Has recordings transcribed by a provider; Transcripts.

    ``patience`` is how long a worker that shuts down waits for calls in flight, in seconds.
    """

    #: What transcribes is told by the models of the provenance.
    tools: tuple[str, ...] = ()

    def __init__(
        self,
        caller: Caller[Speech],
        embedded: Transcripts,
        fallback: Fallback,
        budget_action: BudgetAction,
        patience: float,
    ) -> None:
        self._caller = caller
        self._embedded = embedded
        self._fallback = fallback
        self._budget_action = budget_action
        self._patience = patience

    def transcribe(self, recording: Path, opened: Opened, run: Run, step: Step) -> Transcription:
        """The words of ``recording``, in the language that is spoken."""
        try:
            return self._ask(opened, run, step)
        except ProviderFault as fault:
            go_on_without(fault, run, self._fallback, self._budget_action)
            metrics.FALLBACKS.labels(fault.code).inc()
            embedded = self._embedded.transcribe(recording, opened, run, step)
            return replace(embedded, fallback=fault.code)

    def _ask(self, opened: Opened, run: Run, step: Step) -> Transcription:
        speech = opened.speech
        assert speech is not None
        step(DECODED, f"Having {speech.seconds:.0f} seconds transcribed")
        read = reader_of(speech.seconds, opened.voice, self._caller.name)
        call = self._caller.start(Question(TRANSCRIPTION, speech, read), run.ledger)
        try:
            said = await_call(call, run, progress_at(DECODED))
        except WorkerStopping:
            see_out([call], run, self._patience)
            raise
        finally:
            call.cancel()
        return Transcription(said.content, uses=(said.use,), version=TRANSCRIPTION_VERSION)
