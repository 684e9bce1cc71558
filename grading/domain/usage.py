"""What a call to a model used up, and what that cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

#: Prices are quoted for so many tokens.
_PRICED_TOKENS = 1_000_000


@dataclass(frozen=True, slots=True)
class Usage:
    """What one call used up, as the provider counted it: tokens, or seconds of sound."""

    #: Tokens of the request, cached ones included.
    prompt: int = 0
    #: Tokens of the answer, the model's reasoning included.
    completion: int = 0
    #: Tokens of the request that the provider had in its cache.
    cached: int = 0
    #: Of sound that was transcribed.
    audio_seconds: float = 0.0

    @property
    def total(self) -> int:
        """Tokens of request and answer together."""
        return self.prompt + self.completion

    @property
    def tokens(self) -> dict[str, int]:
        """Its tokens by their kind."""
        return {"prompt": self.prompt, "completion": self.completion, "cached": self.cached}

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.prompt + other.prompt,
            self.completion + other.completion,
            self.cached + other.cached,
            self.audio_seconds + other.audio_seconds,
        )


NO_USAGE = Usage()


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens of a model cost, in US dollars."""

    prompt: Decimal
    completion: Decimal
    #: Of a request's tokens that the provider had in its cache.
    cached: Decimal

    def cost(self, usage: Usage) -> Decimal:
        """What ``usage`` costs, in US dollars."""
        fresh = usage.prompt - usage.cached
        asked = fresh * self.prompt + usage.cached * self.cached
        return (asked + usage.completion * self.completion) / _PRICED_TOKENS


@dataclass(frozen=True, slots=True)
class AudioPrice:
    """What a minute of sound costs, in US dollars."""

    minute: Decimal

    def cost(self, usage: Usage) -> Decimal:
        """What ``usage`` costs, in US dollars."""
        return self.minute * Decimal(str(usage.audio_seconds)) / 60


#: By the name of the model.
PriceTable = Mapping[str, Price]


@dataclass(frozen=True, slots=True)
class ModelUse:
    """One model that took part in a result."""

    #: What it was asked for: ``evidence``, ``second_evidence`` or ``transcription``.
    stage: str
    #: The model, as the provider calls it.
    model: str
    #: The version of how it was asked, and the first letters of the hash of all that was asked
    #: but a written answer.
    prompt_version: str
    prompt_hash: str
    usage: Usage
    #: In US dollars; None where the model has no price.
    cost: Decimal | None
    #: The answer was paid for by an earlier run of the job.
    recalled: bool = False
