"""What can go wrong between the service and a provider, each as a class of its own.

Retried: what another call may mend. Final: what the same call would meet again. No
message holds a word of the request or of the answer.
"""

from dataclasses import dataclass
from typing import ClassVar

from grading.domain.usage import TokenUsage
from grading.exceptions import GradingError


@dataclass
class ProviderFault(GradingError):
    """A provider gave no usable answer."""

    #: Snake case; names the class in logs, metrics and the errors of runs.
    code: ClassVar[str]
    #: Whether the same call may go well later.
    retryable: ClassVar[bool]
    #: Whether it tells of the provider's health, and so counts for the circuit breaker.
    counts: ClassVar[bool]

    #: One sentence for operators; without the code.
    message: str
    #: How long the provider asked to be left alone, in seconds.
    retry_after: float | None = None
    #: What was paid for the call all the same; None where the provider did not tell.
    usage: TokenUsage | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
