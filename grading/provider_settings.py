"""The settings of the providers that models are asked of, and of what they may cost."""

import json
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_settings import NoDecode

from grading.domain.fallback import BudgetAction, Fallback
from grading.domain.usage import Price, PriceTable
from grading.endpoint_settings import ApiKey, EndpointUrl
from grading.environment import EnvironmentSettings


def _unless_omitted(value: object) -> object:
    return None if value == "omit" else value


def _from_json(value: object) -> object:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError("must be a JSON object of models and their prices") from None


#: ``omit`` leaves the field out of requests, for models that refuse it.
Omittable = BeforeValidator(_unless_omitted)


class PriceEntry(BaseModel):
    """One model's prices in US dollars for a million tokens, as ``OPENAI_PRICES`` gives them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: Decimal = Field(ge=0, le=100_000)
    completion: Decimal = Field(ge=0, le=100_000)
    #: Of prompt tokens that the provider had in its cache; as other prompt tokens by default.
    cached: Decimal | None = Field(None, ge=0, le=100_000)


class ProviderSettings(EnvironmentSettings):
    """What the service asks of a language model's provider, each under the variable that sets it.

    Without ``OPENAI_API_KEY`` none of them has an effect.
    """

    #: The key of any endpoint that speaks OpenAI's API; without one, no model is asked.
    openai_api_key: ApiKey = None
    #: Where the API is; ``/chat/completions`` is put behind it.
    openai_base_url: EndpointUrl = "https://api.openai.com/v1"
    #: The model that gives evidence.
    openai_model: str = Field("gpt-4.1-mini", min_length=1)
    #: A different model that gives evidence too; how far the two agree feeds the confidence.
    openai_second_model: str | None = None

    #: How long a connection may take to be made, in seconds.
    openai_connect_timeout_seconds: float = Field(5, gt=0, le=300)
    #: How long the provider may be silent in the middle of a call, in seconds.
    openai_read_timeout_seconds: float = Field(90, gt=0, le=1800)
    #: How long a call may take in all, in seconds.
    openai_call_timeout_seconds: float = Field(150, gt=0, le=1800)
    #: The most tokens that an answer may have.
    openai_max_tokens: int = Field(6000, ge=1, le=1_000_000)
    #: The request's field for that limit; older endpoints know ``max_tokens`` alone.
    openai_max_tokens_field: Literal["max_completion_tokens", "max_tokens"] = (
        "max_completion_tokens"
    )
    #: ``json_schema`` has the endpoint hold the model to the schema; ``json_object`` is for
    #: endpoints that can't: the schema is then part of the prompt.
    openai_response_format: Literal["json_schema", "json_object"] = "json_schema"
    #: Of the model's sampling; ``omit`` (here None) for models that refuse it.
    openai_temperature: Annotated[Annotated[float, Field(ge=0, le=2)] | None, Omittable] = 0
    #: Of the model's sampling; ``omit`` (here None) for endpoints that refuse it.
    openai_seed: Annotated[int | None, Omittable] = 7

    #: How many calls a process may have in flight.
    openai_max_in_flight: int = Field(64, ge=1, le=10_000)
    #: How many tokens a minute all workers together may use of a model; no limit by default.
    openai_tokens_per_minute: int | None = Field(None, ge=1)
    #: Prices by model, as JSON: ``{"gpt-4.1-mini": {"prompt": 0.4, "cached": 0.1, ...}}``.
    openai_prices: Annotated[dict[str, PriceEntry], NoDecode, BeforeValidator(_from_json)] = Field(
        default_factory=dict
    )

    #: What becomes of a job whose provider gives nothing usable, after its retries.
    grading_fallback: Fallback = Fallback.NONE
    #: Who scores where a model is asked: the measured features beside its evidence, or that alone.
    grading_scorers: Literal["both", "evidence"] = "both"
    #: US dollars that providers may cost in a calendar month (UTC); no limit by default.
    grading_budget: Decimal | None = Field(None, ge=0)
    #: What becomes of a job once that is spent.
    grading_budget_action: BudgetAction = BudgetAction.FALL_BACK

    @property
    def models(self) -> tuple[str, ...]:
        """The models that are asked, in the order of their stages; empty without a key."""
        if self.openai_api_key is None:
            return ()
        second = (self.openai_second_model,) if self.openai_second_model else ()
        return (self.openai_model, *second)

    @property
    def price_table(self) -> PriceTable:
        """What models cost."""
        return {
            model: Price(
                entry.prompt,
                entry.completion,
                entry.prompt if entry.cached is None else entry.cached,
            )
            for model, entry in self.openai_prices.items()
        }

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        """Raise ValueError where they don't; the message begins with the variable's name."""
        if self.openai_second_model == self.openai_model:
            raise ValueError(
                "OPENAI_SECOND_MODEL: must be another model than OPENAI_MODEL, since a model"
                " agrees with itself whether right or wrong"
            )
        for model in self.models if self.grading_budget is not None else ():
            if model not in self.openai_prices:
                raise ValueError(
                    f"OPENAI_PRICES: must hold the prices of {model}, since GRADING_BUDGET is set"
                )
        return self
