"""The library's errors, and odd responses, as faults.

What the library raises for what happened on the wire is written down, case by case, in
``tests/unit/provider``. Its messages may quote what was sent, so none of them is passed on.
"""

import json
import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated

import httpx2
import openai
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from grading.domain.usage import Usage
from workers.providers.faults import (
    AnswerCutShort,
    ConnectionFailed,
    ConnectTimedOut,
    ContentFiltered,
    KeyRefused,
    ModelRefused,
    ModelUnknown,
    ProviderFault,
    QuotaSpent,
    RateLimited,
    ReadTimedOut,
    RequestRefused,
    ResponseMalformed,
    ServerFault,
)

#: Statuses under 500 that say "not now" rather than "not so".
_NOT_NOW = frozenset({408, 409, 425})


def fault_of(error: Exception) -> ProviderFault | None:
    """The fault that an error of a call stands for; None for one that is none of the wire's."""
    match error:
        case openai.APITimeoutError():
            return _timed_out(error)
        case openai.APIStatusError():
            return _refused(error)
        case openai.APIConnectionError():
            return ConnectionFailed("the connection failed or broke")
        case openai.LengthFinishReasonError():
            return AnswerCutShort(_CUT_SHORT, usage=_usage(error.completion.usage))
        case openai.ContentFilterFinishReasonError():
            return ContentFiltered("the answer was held back")
        case openai.APIError() | json.JSONDecodeError() | UnicodeDecodeError():
            return ResponseMalformed("the response can't be read")
        case httpx2.HTTPError():
            return ConnectionFailed("the connection failed or broke")
    return None


class _Read(BaseModel):
    """What is read of a response. The library checks nothing of what came with status 200."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class _Message(_Read):
    content: str | None = None
    refusal: str | None = None


class _Choice(_Read):
    message: _Message
    finish_reason: str | None = None


class _Completion(_Read):
    choices: list[_Choice] = Field(min_length=1)
    model: object = None
    usage: object = None


#: As many as the store's columns hold.
_Tokens = Annotated[int, Field(ge=0, le=2**31 - 1)]


class _Details(_Read):
    cached_tokens: _Tokens | None = None


class _Usage(_Read):
    prompt_tokens: _Tokens
    completion_tokens: _Tokens
    prompt_tokens_details: _Details | None = None


def content_of(completion: object) -> tuple[str, str | None, Usage | None]:
    """The text of a completion, the model that wrote it and what it used up where they are told.

    Raises:
        ProviderFault: there is no whole text in it.
    """
    try:
        read = _Completion.model_validate(completion)
    except ValidationError:
        raise ResponseMalformed("the response holds no answer") from None
    usage = _usage(read.usage)
    choice = read.choices[0]
    if choice.message.refusal:
        raise ModelRefused("the model declined to answer", usage=usage)
    if choice.finish_reason == "length":
        raise AnswerCutShort(_CUT_SHORT, usage=usage)
    if choice.finish_reason == "content_filter":
        raise ContentFiltered("the answer was held back", usage=usage)
    content = choice.message.content
    if content is None or not content.strip():
        raise ResponseMalformed("the answer is empty", usage=usage)
    if not _is_text(content):
        raise ResponseMalformed("the answer is no text", usage=usage)
    named = isinstance(read.model, str) and read.model.isprintable() and read.model
    return content, named or None, usage


def _is_text(content: str) -> bool:
    """Whether it can be written anywhere: JSON may name one half of a surrogate pair."""
    try:
        content.encode()
    except UnicodeEncodeError:
        return False
    return True


_CUT_SHORT = "the answer was cut off at the limit of tokens"


def _timed_out(error: openai.APITimeoutError) -> ProviderFault:
    if isinstance(error.__cause__, httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return ConnectTimedOut("no connection in time")
    return ReadTimedOut("silent for too long")


def _refused(error: openai.APIStatusError) -> ProviderFault:
    status, code = error.status_code, error.code
    told = f"status {status}"
    if status == 429:
        if code == "insufficient_quota":
            return QuotaSpent(told)
        return RateLimited(told, _retry_after(error.response))
    if status >= 500 or status in _NOT_NOW:
        return ServerFault(told, _retry_after(error.response))
    if status in (401, 403):
        return KeyRefused(told)
    if status == 404 or code == "model_not_found":
        return ModelUnknown(told)
    if code == "content_filter":
        return ContentFiltered("the request was held back")
    return RequestRefused(told)


def _retry_after(response: httpx2.Response) -> float | None:
    """Seconds that the provider asks to be left alone (RFC 9110, 10.2.3); None where it doesn't."""
    milliseconds = _number(response.headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return max(0.0, milliseconds / 1000)
    value = response.headers.get("retry-after", "").strip()
    seconds = _number(value)
    if seconds is not None:
        return max(0.0, seconds)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return None if math.isnan(number) else number


def _usage(told: object) -> Usage | None:
    """What was used up, where that can be believed."""
    try:
        usage = _Usage.model_validate(told)
    except ValidationError:
        return None
    details = usage.prompt_tokens_details
    cached = (details.cached_tokens if details is not None else None) or 0
    return Usage(usage.prompt_tokens, usage.completion_tokens, min(cached, usage.prompt_tokens))
