"""What can go wrong between the service and a provider, each as a class of its own.

Retried: what another call may mend. Final: what the same call would meet again. No
message holds a word of the request or of the answer.
"""

from dataclasses import dataclass
from typing import ClassVar

from grading.domain.usage import Usage
from grading.exceptions import GradingError


@dataclass
class ProviderFault(GradingError):
    """A provider gave no usable answer."""

    #: Snake case; names the class in logs, metrics and the errors of runs.
    code: ClassVar[str]
    #: Whether the same call may go well later.
    retryable: ClassVar[bool]
    #: Whether it tells of the provider's health, and so counts for the circuit breaker.
    counts: ClassVar[bool] = True

    #: One sentence for operators; without the code.
    message: str
    #: How long the provider asked to be left alone, in seconds.
    retry_after: float | None = None
    #: What was paid for the call all the same; None where the provider did not tell.
    usage: Usage | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class RateLimited(ProviderFault):
    """429: too many requests or tokens in too short a time."""

    code = "rate_limited"
    retryable = True


class ServerFault(ProviderFault):
    """5xx, or 408 and 409: the provider could not deal with the request now."""

    code = "server_fault"
    retryable = True


class ConnectionFailed(ProviderFault):
    """No connection could be made, or it broke before an answer began."""

    code = "connection_failed"
    retryable = True


class ConnectTimedOut(ProviderFault):
    """No connection was made in time."""

    code = "connect_timed_out"
    retryable = True


class ReadTimedOut(ProviderFault):
    """The provider was silent for too long."""

    code = "read_timed_out"
    retryable = True


class CallTimedOut(ProviderFault):
    """The call as a whole took too long, though bytes may have come all the time."""

    code = "call_timed_out"
    retryable = True


class AnswerCutShort(ProviderFault):
    """The answer reached the limit of tokens before its end (``finish_reason=length``)."""

    code = "answer_cut_short"
    retryable = True


class AnswerNotJson(ProviderFault):
    """The answer is no JSON."""

    code = "answer_not_json"
    retryable = True


class AnswerBreaksSchema(ProviderFault):
    """The answer is JSON of another shape than was asked for."""

    code = "answer_breaks_schema"
    retryable = True


class AnswerUnfounded(ProviderFault):
    """What the answer tells does not stand where it says: most quotes, or too many words' times."""

    code = "answer_unfounded"
    retryable = True


class ResponseMalformed(ProviderFault):
    """The response is none of the API's: no JSON, no choice or text, or nothing in it."""

    code = "response_malformed"
    retryable = True


class CircuitOpen(ProviderFault):
    """Too many of the last calls failed: the provider is left alone for a while."""

    code = "circuit_open"
    retryable = True
    counts = False


class QuotaSpent(ProviderFault):
    """429 with ``insufficient_quota``: the account has no money left."""

    code = "quota_spent"
    retryable = False
    counts = False


class KeyRefused(ProviderFault):
    """401 or 403: the key is wrong, or may not use the model."""

    code = "key_refused"
    retryable = False
    counts = False


class ModelUnknown(ProviderFault):
    """404: the endpoint has no such model, or there is no such endpoint."""

    code = "model_unknown"
    retryable = False
    counts = False


class RequestRefused(ProviderFault):
    """Another 4xx: the endpoint does not take such a request."""

    code = "request_refused"
    retryable = False
    counts = False


class ModelRefused(ProviderFault):
    """The model declined to answer."""

    code = "model_refused"
    retryable = False
    counts = False


class ContentFiltered(ProviderFault):
    """The provider's content filter held the request or the answer back."""

    code = "content_filtered"
    retryable = False
    counts = False


class BudgetSpent(ProviderFault):
    """``GRADING_BUDGET`` is spent for this month; no call was made."""

    code = "budget_spent"
    retryable = False
    counts = False
