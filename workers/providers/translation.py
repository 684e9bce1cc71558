"""The library's errors, and odd responses, as faults.

What the library raises for what happened on the wire is written down, case by case, in
``tests/unit/provider``. Its messages may quote what was sent, so none of them is passed on.
"""

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2
import openai
from openai.types import CompletionUsage
from openai.types.chat import ChatCompletion

from grading.domain.usage import TokenUsage
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


def content_of(completion: object) -> tuple[str, str, TokenUsage | None]:
    """The text of a completion, the model that wrote it, and what it used up where it tells.

    Raises:
        ProviderFault: there is no whole text in it.
    """
    # The library checks nothing of what came with status 200.
    choices = completion.choices if isinstance(completion, ChatCompletion) else None
    if not isinstance(completion, ChatCompletion) or not choices:
        raise ResponseMalformed("the response holds no answer")
    usage = _usage(completion.usage)
    choice = choices[0]
    message = choice.message
    if message is not None and message.refusal:
        raise ModelRefused("the model declined to answer", usage=usage)
    if choice.finish_reason == "length":
        raise AnswerCutShort(_CUT_SHORT, usage=usage)
    if choice.finish_reason == "content_filter":
        raise ContentFiltered("the answer was held back", usage=usage)
    if message is None or not isinstance(message.content, str) or not message.content.strip():
        raise ResponseMalformed("the answer is empty", usage=usage)
    return message.content, str(completion.model), usage


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
    try:
        milliseconds = float(response.headers.get("retry-after-ms", ""))
    except ValueError:
        pass
    else:
        return max(0.0, milliseconds / 1000)
    value = response.headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _usage(usage: CompletionUsage | None) -> TokenUsage | None:
    if usage is None:
        return None
    details = usage.prompt_tokens_details
    cached = details.cached_tokens if details is not None else 0
    prompt = usage.prompt_tokens or 0
    return TokenUsage(prompt, usage.completion_tokens or 0, min(cached or 0, prompt))
