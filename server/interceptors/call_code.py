"""With which status a call ended, while its handlers still stand around it."""

from typing import Any

import grpc
from grpc import aio

#: gRPC gives a code as the enum or as its number, and 0 or None while none was set.
_CODE_NAMES = {code.value[0]: code.name for code in grpc.StatusCode}


def code_name(context: aio.ServicerContext[Any, Any]) -> str:
    """The name of the status code that a call ends with."""
    if context.cancelled():
        return grpc.StatusCode.CANCELLED.name
    code: Any = context.code()
    return str(code.name) if isinstance(code, grpc.StatusCode) else _CODE_NAMES[code or 0]
