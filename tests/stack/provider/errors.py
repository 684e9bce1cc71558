"""The errors that a provider reports, with the bodies that OpenAI and Azure send."""

import json
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from tests.stack.provider.answers import JSON, Reply
from tests.stack.provider.exchange import Headers

_BAD_GATEWAY = b"""<html>\r
<head><title>502 Bad Gateway</title></head>\r
<body>\r
<center><h1>502 Bad Gateway</h1></center>\r
<hr><center>cloudflare</center>\r
</body>\r
</html>\r
"""


def error(
    status: int,
    message: str,
    kind: str | None,
    /,
    code: str | None = None,
    param: str | None = None,
    headers: Headers = (),
    **more: Any,
) -> Reply:
    """An error in the form that all of them have."""
    said = {"message": message, "type": kind, "param": param, "code": code, **more}
    return Reply(status, json.dumps({"error": said}).encode(), (*JSON, *headers))


def rate_limited(
    retry_after: float | None = None,
    retry_at: datetime | None = None,
    retry_after_ms: int | None = None,
) -> Reply:
    """429: too many requests, with a hint in seconds, as a date, in milliseconds, or with none."""
    headers = []
    if retry_after is not None:
        headers.append(("Retry-After", f"{retry_after:g}"))
    if retry_at is not None:
        date = format_datetime(retry_at.astimezone(UTC), usegmt=True)
        headers.append(("Retry-After", date))
    if retry_after_ms is not None:
        headers.append(("retry-after-ms", str(retry_after_ms)))
    return error(
        429,
        "Rate limit reached for gpt-5-mini in organization org-0 on requests per min (RPM): "
        "Limit 3, Used 3, Requested 1. Please try again in 20s. "
        "Visit https://platform.openai.com/account/rate-limits to learn more.",
        "requests",
        "rate_limit_exceeded",
        headers=headers,
    )


def insufficient_quota() -> Reply:
    """429 too, but no wait helps: the account has no money left."""
    return error(
        429,
        "You exceeded your current quota, please check your plan and billing details. For more "
        "information on this error, read the docs: "
        "https://platform.openai.com/docs/guides/error-codes/api-errors.",
        "insufficient_quota",
        "insufficient_quota",
    )


def server_error() -> Reply:
    """500: the provider broke."""
    return error(
        500,
        "The server had an error while processing your request. Sorry about that! You can retry "
        "your request, or contact us through our help center at help.openai.com if the error "
        "persists.",
        "server_error",
    )


def bad_gateway() -> Reply:
    """502: a page for people, from what stands before the provider."""
    return Reply(502, _BAD_GATEWAY, (("Content-Type", "text/html"), ("Server", "cloudflare")))


def overloaded(retry_after: float | None = None) -> Reply:
    """503: the model has too much to do."""
    hint = () if retry_after is None else (("Retry-After", f"{retry_after:g}"),)
    return error(
        503,
        "That model is currently overloaded with other requests. You can retry your request, "
        "or contact us through our help center at help.openai.com if the error persists.",
        "server_error",
        headers=hint,
    )


def invalid_api_key() -> Reply:
    """401: nobody knows the key."""
    return error(
        401,
        "Incorrect API key provided: sk-wrong. "
        "You can find your API key at https://platform.openai.com/account/api-keys.",
        "invalid_request_error",
        "invalid_api_key",
    )


def forbidden() -> Reply:
    """403: not from here."""
    return error(
        403,
        "Country, region, or territory not supported",
        "request_forbidden",
        "unsupported_country_region_territory",
    )


def model_not_found(model: str = "gpt-0") -> Reply:
    """404: there is no such model, or none for this key."""
    return error(
        404,
        f"The model `{model}` does not exist or you do not have access to it.",
        "invalid_request_error",
        "model_not_found",
    )


def unknown_url(method: str, path: str) -> Reply:
    """404: there is no such path."""
    return error(404, f"Invalid URL ({method} {path})", "invalid_request_error")


def invalid_request() -> Reply:
    """400: a field that the model doesn't take."""
    return error(
        400,
        "Unsupported parameter: 'max_tokens' is not supported with this model. "
        "Use 'max_completion_tokens' instead.",
        "invalid_request_error",
        "unsupported_parameter",
        "max_tokens",
    )


def prompt_filtered() -> Reply:
    """400 of Azure: a filter took offence at the prompt, and the model never saw it."""
    harmless = {"filtered": False, "severity": "safe"}
    return error(
        400,
        "The response was filtered due to the prompt triggering Azure OpenAI's content management "
        "policy. Please modify your prompt and retry. To learn more about our content filtering "
        "policies please read our documentation: https://go.microsoft.com/fwlink/?linkid=2198766",
        None,
        "content_filter",
        "prompt",
        status=400,
        innererror={
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_result": {
                "hate": harmless,
                "jailbreak": {"filtered": False, "detected": False},
                "self_harm": harmless,
                "sexual": harmless,
                "violence": {"filtered": True, "severity": "medium"},
            },
        },
    )


def request_timeout() -> Reply:
    """408: the request took the provider too long to read."""
    return error(408, "Request timed out.", "timeout")


def conflict() -> Reply:
    """409: another request was at the same thing."""
    return error(409, "The resource was updated by another request.", "invalid_request_error")


def unprocessable() -> Reply:
    """422: well formed, and still nothing that can be done."""
    return error(422, "Unable to process the request.", "invalid_request_error")
