"""Who transcribes recordings, as a worker's settings ask for it."""

import asyncio

from interlock import CircuitBreaker

from grading.settings import Settings
from workers.providers.caller import Caller
from workers.providers.transcription import TranscriptionModel
from workers.shared_tools import SharedTools
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
    models = SpeakingModels.load(transcriber=LazyTranscriber() if is_sent else None)
    return ListeningHere(models, limits, is_sent=is_sent)


def make_transcripts(
    settings: Settings,
    tools: SharedTools,
    listener: Listener,
    breaker: CircuitBreaker | None = None,
) -> Transcripts:
    """Who transcribes what is listened to: the provider with a key, or the embedded recogniser."""
    embedded = EmbeddedTranscripts(listener)
    if settings.stt_api_key is None:
        return embedded
    model = TranscriptionModel(settings)
    slots = asyncio.Semaphore(settings.stt_max_in_flight)
    return ProviderTranscripts(
        Caller(tools.loop, slots, model, settings.grading_budget, breaker),
        f"{model.model} {model.provider}",
        embedded,
        settings.grading_fallback,
        settings.grading_budget_action,
        settings.grading_drain_seconds,
    )
