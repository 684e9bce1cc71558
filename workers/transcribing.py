"""Who transcribes recordings, as a worker's settings ask for it."""

import asyncio

from interlock import CircuitBreaker

from grading.settings import Settings
from workers.providers.caller import Caller
from workers.providers.transcription import Speech, TranscriptionModel
from workers.shared_tools import SharedTools
from workers.speaking.aligning_elsewhere import AligningElsewhere
from workers.speaking.decoding import DecodingLimits
from workers.speaking.listener import Listener, ListeningHere
from workers.speaking.listening_elsewhere import ListeningElsewhere
from workers.speaking.models import SpeakingModels
from workers.speaking.provider_transcripts import ProviderTranscripts
from workers.speaking.transcripts import EmbeddedTranscripts, Transcripts
from workers.speaking.whisper import LazyTranscriber


def make_listener(settings: Settings, tools: SharedTools) -> Listener:
    """Who listens: the processes beside this one, or this one with models that are loaded now."""
    limits = DecodingLimits.up_to(settings.grading_max_audio_seconds)
    is_sent = settings.stt_api_key is not None
    if tools.measuring is not None:
        return ListeningElsewhere(tools.measuring, limits, is_sent=is_sent)
    # With a provider the recogniser is only there for what that fails at.
    models = SpeakingModels.load(
        transcriber=LazyTranscriber() if is_sent else None,
        aligner=AligningElsewhere(tools.aligning),
    )
    return ListeningHere(models, limits, is_sent=is_sent)


def make_caller(
    settings: Settings, tools: SharedTools, breaker: CircuitBreaker | None = None
) -> Caller[Speech] | None:
    """Who asks the provider to transcribe; None without a key."""
    if settings.stt_api_key is None:
        return None
    slots = asyncio.Semaphore(settings.stt_max_in_flight)
    model = TranscriptionModel(settings)
    return Caller(tools.loop, slots, model, settings.grading_budget, breaker)


def make_transcripts(
    settings: Settings, caller: Caller[Speech] | None, listener: Listener
) -> Transcripts:
    """Transcripts of the provider, or of the embedded recogniser where none is asked."""
    embedded = EmbeddedTranscripts(listener)
    if caller is None:
        return embedded
    return ProviderTranscripts(
        caller,
        embedded,
        settings.grading_fallback,
        settings.grading_budget_action,
        settings.grading_drain_seconds,
    )
