"""What the library raises for the errors that a provider reports: one class per status."""

from datetime import UTC, datetime
from typing import Any

import openai
import pytest

from tests.stack.provider.answers import Reply
from tests.stack.provider.errors import (
    bad_gateway,
    conflict,
    forbidden,
    insufficient_quota,
    invalid_api_key,
    invalid_request,
    model_not_found,
    overloaded,
    prompt_filtered,
    rate_limited,
    request_timeout,
    server_error,
    unknown_url,
    unprocessable,
)
from tests.stack.provider.server import Provider
from tests.unit.provider.library import Library

DATE = datetime(2026, 10, 21, 7, 28, tzinfo=UTC)

REPORTED: list[tuple[Reply, type[openai.APIStatusError], int, str | None, str | None]] = [
    (invalid_request(), openai.BadRequestError, 400, "unsupported_parameter", "max_tokens"),
    (prompt_filtered(), openai.BadRequestError, 400, "content_filter", "prompt"),
    (invalid_api_key(), openai.AuthenticationError, 401, "invalid_api_key", None),
    (
        forbidden(), openai.PermissionDeniedError, 403,
        "unsupported_country_region_territory", None,
    ),
    (model_not_found(), openai.NotFoundError, 404, "model_not_found", None),
    (unknown_url("POST", "/"), openai.NotFoundError, 404, None, None),
    # There is no class of its own for this one.
    (request_timeout(), openai.APIStatusError, 408, None, None),
    (conflict(), openai.ConflictError, 409, None, None),
    (unprocessable(), openai.UnprocessableEntityError, 422, None, None),
    (rate_limited(), openai.RateLimitError, 429, "rate_limit_exceeded", None),
    # No wait helps here, and the class doesn't say so: the code does.
    (insufficient_quota(), openai.RateLimitError, 429, "insufficient_quota", None),
    (server_error(), openai.InternalServerError, 500, None, None),
    (overloaded(), openai.InternalServerError, 503, None, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("script", "kind", "status", "code", "param"),
    REPORTED,
    ids=[f"{status} {code}" for _, _, status, code, _ in REPORTED],
)
def test_an_error(
    provider: Provider,
    library: Library,
    script: Reply,
    kind: type[openai.APIStatusError],
    status: int,
    code: str | None,
    param: str | None,
) -> None:
    for ask in (library.create, library.parse):
        error = _error(provider, ask, script)
        assert type(error) is kind
        assert (error.status_code, error.code, error.param) == (status, code, param)
        # The attribute holds what stood under "error", not the whole document.
        assert isinstance(error.body, dict)
        assert error.message == f"Error code: {status} - {error.body['message']}"
        assert error.type == error.body["type"]
        assert error.request_id is not None
        assert error.request_id.startswith("req_")
    assert len(provider.chat.calls) == 2


def test_a_page_for_people(provider: Provider, library: Library) -> None:
    error = _error(provider, library.create, bad_gateway())
    assert type(error) is openai.InternalServerError
    assert (error.status_code, error.code, error.type) == (502, None, None)
    assert isinstance(error.body, str)
    assert error.body.startswith("<html>")
    assert error.message == "Error code: 502"


def test_what_the_filter_of_azure_found(provider: Provider, library: Library) -> None:
    body: Any = _error(provider, library.create, prompt_filtered()).body
    assert body["innererror"]["code"] == "ResponsibleAIPolicyViolation"
    assert body["innererror"]["content_filter_result"]["violence"]["filtered"] is True


@pytest.mark.parametrize(
    ("script", "name", "value"),
    [
        (rate_limited(retry_after=20), "retry-after", "20"),
        (rate_limited(retry_after=0.5), "retry-after", "0.5"),
        (rate_limited(retry_at=DATE), "retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"),
        (rate_limited(retry_after_ms=250), "retry-after-ms", "250"),
        (overloaded(retry_after=3), "retry-after", "3"),
    ],
)
def test_a_hint_when_to_try_again_is_in_the_headers_alone(
    provider: Provider, library: Library, script: Reply, name: str, value: str
) -> None:
    error = _error(provider, library.create, script)
    assert error.response.headers[name] == value
    assert not hasattr(error, "retry_after")


def _error(provider: Provider, ask: Any, script: Reply) -> openai.APIStatusError:
    provider.chat.queue(script)
    with pytest.raises(openai.APIStatusError) as caught:
        ask()
    return caught.value
