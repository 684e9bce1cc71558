"""The openai library's two clients behind one face, without retries of their own."""

import asyncio
import ssl
from typing import Any, Protocol

import openai
from pydantic import BaseModel

#: Between two bytes, in seconds. Nothing here is that slow but what is meant to be.
TIMEOUT = 5.0

# Reading the certificates of the machine takes longer than a test, and nothing here is encrypted.
_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

ASKED: Any = {"model": "gpt-asked", "messages": [{"role": "user", "content": "Grade this."}]}


class Form(BaseModel):
    """What ``parse`` reads an answer as."""

    grade: int


class Library(Protocol):
    """One of the clients."""

    def create(self, timeout: float = TIMEOUT) -> Any:
        """Ask for a chat completion."""

    def parse(self, timeout: float = TIMEOUT) -> Any:
        """Ask for a chat completion that is a ``Form``."""

    def close(self) -> None:
        """Close the connections."""


class Synchronous:
    """``openai.OpenAI``."""

    def __init__(self, url: str) -> None:
        # The environment might name a proxy, which would get what is meant for the loopback.
        transport = openai.DefaultHttpxClient(trust_env=False, verify=_TLS)
        self._client = openai.OpenAI(
            api_key="key", base_url=url, max_retries=0, http_client=transport
        )

    def create(self, timeout: float = TIMEOUT) -> Any:
        return self._client.chat.completions.create(**ASKED, timeout=timeout)

    def parse(self, timeout: float = TIMEOUT) -> Any:
        return self._client.chat.completions.parse(**ASKED, response_format=Form, timeout=timeout)

    def close(self) -> None:
        self._client.close()


class Asynchronous:
    """``openai.AsyncOpenAI`` on an event loop of its own, which lasts as long as the client."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self._client = asynchronous_client(url)

    def create(self, timeout: float = TIMEOUT) -> Any:
        return self._runner.run(self._client.chat.completions.create(**ASKED, timeout=timeout))

    def parse(self, timeout: float = TIMEOUT) -> Any:
        return self._runner.run(
            self._client.chat.completions.parse(**ASKED, response_format=Form, timeout=timeout)
        )

    def close(self) -> None:
        self._runner.run(self._client.close())
        self._runner.close()


def asynchronous_client(url: str, **options: Any) -> openai.AsyncOpenAI:
    """An ``openai.AsyncOpenAI``; the options are those of its transport."""
    transport = openai.DefaultAsyncHttpxClient(trust_env=False, verify=_TLS, **options)
    return openai.AsyncOpenAI(
        api_key="key", base_url=url, max_retries=0, timeout=TIMEOUT, http_client=transport
    )
