"""Failures in one line."""

import grpc

from client.cli.terminal import printable
from client.errors import CallRefused, ClientError


def line_of(error: ClientError, address: str) -> str:
    """One line that tells what failed, and names the field or the reason."""
    if isinstance(error, CallRefused):
        return printable(_refused(error, address))
    return printable(str(error))


def _refused(refused: CallRefused, address: str) -> str:
    if refused.reason:
        metadata = (f"{k}={v}" for k, v in sorted(refused.metadata.items()) if k != "field")
        told = ": ".join(filter(None, (refused.reason, ", ".join(metadata))))
        return f"{_message(refused)} ({told})"
    if refused.code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return f"{address} did not answer in time"
    if refused.passing:
        return f"can't reach the service at {address}: {refused.message}"
    return f"{refused.message} ({refused.code.name})"


def _message(refused: CallRefused) -> str:
    if refused.violations:
        return "; ".join(f"{item.field}: {item.description}" for item in refused.violations)
    return refused.message
