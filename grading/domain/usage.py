"""What a call to a model used up, and what that cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

#: Prices are quoted for so many tokens.
_PRICED_TOKENS = 1_000_000


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens of one call, as the provider counted them."""

    #: Of the request, cached ones included.
    prompt: int
    #: Of the answer, the model's reasoning included.
    completion: int
    #: Tokens of the request that the provider had in its cache.
    cached: int = 0

    @property
    def total(self) -> int:
        """Tokens of request and answer together."""
        return self.prompt + self.completion

    def __add__(self, other: "TokenUsage") -> "TokenUsage":
        return TokenUsage(
            self.prompt + other.prompt,
            self.completion + other.completion,
            self.cached + other.cached,
        )


NO_TOKENS = TokenUsage(0, 0)


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens of a model cost, in US dollars."""

    prompt: Decimal
    completion: Decimal
    #: Of a request's tokens that the provider had in its cache.
    cached: Decimal

    def cost(self, usage: TokenUsage) -> Decimal:
        """What ``usage`` costs, in US dollars."""
        fresh = usage.prompt - usage.cached
        asked = fresh * self.prompt + usage.cached * self.cached
        return (asked + usage.completion * self.completion) / _PRICED_TOKENS


#: By the name of the model.
PriceTable = Mapping[str, Price]


@dataclass(frozen=True, slots=True)
class ModelUse:
    """One model that took part in a result."""

    #: What it was asked for: ``evidence`` or ``second_evidence``.
    stage: str
    #: The model, as the provider calls it.
    model: str
    #: The prompt's version, and the first letters of the hash of all that was asked but the answer.
    prompt_version: str
    prompt_hash: str
    usage: TokenUsage
    #: In US dollars; None where the model has no price.
    cost: Decimal | None
    #: The answer was paid for by an earlier run of the job.
    recalled: bool = False
