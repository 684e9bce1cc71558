"""The settings of the provider that recordings are transcribed by."""

from decimal import Decimal

from pydantic import Field

from grading.endpoint_settings import ApiKey, EndpointUrl
from grading.environment import EnvironmentSettings


class TranscriptionSettings(EnvironmentSettings):
    """What the service asks of a provider of transcriptions, each under the variable that sets it.

    Without ``STT_API_KEY`` none of them has an effect: recordings are transcribed here.
    """

    #: The key of any endpoint that speaks OpenAI's API; without one, no provider is asked.
    stt_api_key: ApiKey = None
    #: Where the API is; ``/audio/transcriptions`` is put behind it.
    stt_base_url: EndpointUrl = "https://api.openai.com/v1"
    #: The model that transcribes. It must tell the times of words.
    stt_model: str = Field("whisper-1", min_length=1)

    #: How long a connection may take to be made, in seconds.
    stt_connect_timeout_seconds: float = Field(5, gt=0, le=300)
    #: How long the provider may be silent, in seconds: as a rule it says nothing until all of a
    #: recording is transcribed.
    stt_read_timeout_seconds: float = Field(300, gt=0, le=1800)
    #: How long a call may take in all, in seconds.
    stt_call_timeout_seconds: float = Field(600, gt=0, le=1800)
    #: How many calls a process may have in flight.
    stt_max_in_flight: int = Field(64, ge=1, le=10_000)
    #: US dollars for a minute of sound; without it nothing is said of cost.
    stt_price_per_minute: Decimal | None = Field(None, ge=0, le=100_000)
