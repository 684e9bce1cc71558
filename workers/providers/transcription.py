"""One model behind an endpoint that speaks OpenAI's audio-transcriptions API."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from grading.domain.usage import AudioPrice, Usage
from grading.transcription_settings import TranscriptionSettings
from workers.providers.asked_model import hash_of
from workers.providers.endpoint import CallLimits, Endpoint
from workers.providers.faults import ResponseMalformed

#: What is sent is told by its name, as the API has it.
FILE_NAME, MEDIA_TYPE = "speech.flac", "audio/flac"
#: Ten minutes of quick speech are about a tenth of it, with all that is told of each word.
_MOST_BYTES = 8_000_000
#: Providers bill in steps, and some a least time: up to a minute more than what was sent.
_MOST_ROUNDING = 60.0


@dataclass(frozen=True, slots=True)
class Speech:
    """A recording to be transcribed."""

    #: The version of how sound is sent and what comes back is read.
    version: str
    #: SHA-256 of the recording as it was submitted, in hexadecimal digits.
    recording: str
    #: Its sound, as a FLAC file.
    content: bytes
    #: The length of its sound.
    seconds: float


class _Duration(BaseModel):
    seconds: float = Field(ge=0, allow_inf_nan=False)


class _Transcription(BaseModel):
    """What every transcription has. The library checks nothing of what came with status 200."""

    text: str
    usage: object = None


class TranscriptionModel:
    """One model that recordings are sent to; an AskedModel."""

    def __init__(self, settings: TranscriptionSettings) -> None:
        assert settings.stt_api_key is not None
        self.model = settings.stt_model
        price = settings.stt_price_per_minute
        self._price = None if price is None else AudioPrice(price)
        limits = CallLimits(
            settings.stt_connect_timeout_seconds,
            settings.stt_read_timeout_seconds,
            settings.stt_call_timeout_seconds,
        )
        self._endpoint = Endpoint(settings.stt_api_key, settings.stt_base_url, limits)
        self.provider = self._endpoint.provider

    def prompt_hash(self, speech: Speech) -> str:
        """The first letters of the hash of the parameters and the recording."""
        asked = {**self._parameters(), "file": FILE_NAME, "recording": speech.recording}
        return hash_of(asked)

    def tokens_for(self, speech: Speech) -> int:
        """None are counted."""
        del speech
        return 0

    def cost(self, usage: Usage) -> Decimal | None:
        """What ``usage`` costs, in US dollars; None where there is no price."""
        return None if self._price is None else self._price.cost(usage)

    async def ask(self, speech: Speech) -> tuple[str, str, Usage]:
        """The provider's JSON, the model that was asked, and the seconds that are paid for.

        Raises:
            ProviderFault: it gave no transcription.
        """
        # As it came: what the library makes of it has lost what it doesn't know.
        create = self._endpoint.client.audio.transcriptions.with_raw_response.create
        response = await self._endpoint.outcome(
            create(file=(FILE_NAME, speech.content, MEDIA_TYPE), **self._parameters())
        )
        content, billed = _content_of(response.content, speech.seconds)
        return content, self.model, Usage(audio_seconds=billed)

    async def close(self) -> None:
        """Close the connections."""
        await self._endpoint.close()

    def _parameters(self) -> dict[str, Any]:
        # No language: which one is spoken is for the model to tell.
        return {
            "model": self.model,
            "response_format": "verbose_json",
            "timestamp_granularities": ["word", "segment"],
            "temperature": 0,
        }


def _content_of(body: bytes, sent: float) -> tuple[str, float]:
    """The JSON of a response, and the seconds of sound that it says were used up.

    Where it doesn't say, or nobody can believe it, they are those that were ``sent``.

    Raises:
        ResponseMalformed: it is no transcription.
    """
    if len(body) > _MOST_BYTES:
        raise ResponseMalformed("the response is larger than any transcription")
    try:
        content = body.decode()
        read = _Transcription.model_validate_json(content)
    except (UnicodeDecodeError, ValidationError):
        raise ResponseMalformed("the response holds no transcription") from None
    try:
        told = _Duration.model_validate(read.usage).seconds
    except ValidationError:
        return content, sent
    return content, told if told <= sent + _MOST_ROUNDING else sent
