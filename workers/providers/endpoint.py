"""One endpoint that speaks OpenAI's API: called within limits of time, its errors as faults."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

import httpx2
from openai import AsyncOpenAI
from pydantic import SecretStr

from workers.providers.faults import CallTimedOut
from workers.providers.translation import fault_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CallLimits:
    """How long a call may take, in seconds."""

    #: Until a connection is made.
    connect: float
    #: Of silence.
    read: float
    #: In all.
    whole: float


class Endpoint:
    """The library's client of one endpoint. It retries nothing by itself."""

    def __init__(self, key: SecretStr, url: str, limits: CallLimits) -> None:
        #: The host that is called.
        self.provider = urlsplit(url).hostname or ""
        self._seconds = limits.whole
        self.client = AsyncOpenAI(
            api_key=key.get_secret_value(),
            base_url=url,
            # A retry is the job's business: seen by its watchers, counted and spread.
            max_retries=0,
            timeout=httpx2.Timeout(limits.read, connect=limits.connect),
        )

    async def outcome(self, call: Awaitable[T]) -> T:
        """What a call of the client comes to.

        Raises:
            ProviderFault: no response came that the library could read.
        """
        try:
            # Silence is the library's to notice; a trickle of bytes is noticed here.
            async with asyncio.timeout(self._seconds) as limit:
                return await call
        except TimeoutError:
            if not limit.expired():
                raise
            raise CallTimedOut(f"no whole answer within {self._seconds:g} s") from None
        except Exception as error:
            fault = fault_of(error)
            if fault is None:
                raise
            raise fault from None

    async def close(self) -> None:
        """Close the connections."""
        await self.client.close()
