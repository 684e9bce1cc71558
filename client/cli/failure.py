"""Failures in one line."""

from collections.abc import Mapping, Sequence

import grpc

from client.cli.terminal import printable
from client.errors import CallRefused, ClientError, Violation
from vstep.grading.v1.error_pb2 import ErrorReason
from vstep.grading.v1.grading_service_pb2 import Refusal


def line_of(error: ClientError, address: str) -> str:
    """One line that tells what failed, and names the field or the reason."""
    if isinstance(error, CallRefused):
        return printable(_refused(error, address))
    return printable(str(error))


def refusal_line(refusal: Refusal) -> str:
    """The same for one item of a batch."""
    violations = [Violation(*item) for item in sorted(refusal.violations.items())]
    try:
        reason = ErrorReason.Name(refusal.reason)
    except ValueError:
        # The service is newer than this client and knows more values.
        reason = f"reason {refusal.reason}"
    return printable(_reasoned(refusal.message, violations, reason, refusal.metadata))


def _refused(refused: CallRefused, address: str) -> str:
    if refused.reason:
        return _reasoned(refused.message, refused.violations, refused.reason, refused.metadata)
    if refused.code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return f"{address} did not answer in time"
    if refused.passing:
        return f"can't reach the service at {address}: {refused.message}"
    return f"{refused.message} ({refused.code.name})"


def _reasoned(
    message: str, violations: Sequence[Violation], reason: str, metadata: Mapping[str, str]
) -> str:
    if violations:
        message = "; ".join(f"{item.field}: {item.description}" for item in violations)
    varying = ", ".join(f"{k}={v}" for k, v in sorted(metadata.items()) if k != "field")
    return f"{message} ({': '.join(filter(None, (reason, varying)))})"
