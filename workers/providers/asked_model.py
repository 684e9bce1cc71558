"""A model behind an endpoint, as a caller asks it: of which kind it is, no caller has to know."""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from grading.domain.usage import Usage

_HASH_LENGTH = 16


class Asked(Protocol):
    """What a model is asked."""

    @property
    def version(self) -> str:
        """The version of how it is asked, for the provenance."""


A = TypeVar("A", bound=Asked, contravariant=True)


class AskedModel(Protocol[A]):
    """Answers what it is asked, one call at a time or many; retries nothing by itself."""

    @property
    def model(self) -> str:
        """The model that is asked."""

    @property
    def provider(self) -> str:
        """The host that is called."""

    def prompt_hash(self, asked: A) -> str:
        """Under what the answer to ``asked`` is kept."""

    def tokens_for(self, asked: A) -> int:
        """About how many tokens a call may use up; 0 where none are counted."""

    def cost(self, usage: Usage) -> Decimal | None:
        """What ``usage`` costs, in US dollars; None where the model has no price."""

    async def ask(self, asked: A) -> tuple[str, str, Usage]:
        """What the model answered, which model it says it is, and what that used up.

        Raises:
            ProviderFault: it gave no whole answer.
        """

    async def close(self) -> None:
        """Close the connections."""


def hash_of(asked: Mapping[str, Any]) -> str:
    """The first letters of the hash of what was asked."""
    text = json.dumps(asked, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_LENGTH]
