"""Tracebacks for logs: where something broke, and nothing of what it was at.

An exception's message may hold whatever it broke on: PostgreSQL names the row that it refuses,
a parser quotes what it can't read, a URL has its password in it. So the messages are left out.
What is written are the lines of code, the kinds of the exceptions, and the codes that databases
and systems have for what happened.
"""

import errno
import traceback
from types import TracebackType

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def private_traceback(exc_info: ExcInfo) -> str:
    """The traceback of an exception and those that it came from, without their messages."""
    return "".join(_parts(exc_info[1], seen=set()))


def _parts(error: BaseException, seen: set[int]) -> list[str]:
    seen.add(id(error))
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before: list[str] = []
    if cause is not None and id(cause) not in seen:
        before = [*_parts(cause, seen), "which led to\n"]
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    within = [part for one in inner if id(one) not in seen for part in _parts(one, seen)]
    frames = traceback.format_list(traceback.extract_tb(error.__traceback__))
    return [*before, *within, *frames, f"{_kind(error)}\n"]


def _kind(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    code: str | None = getattr(error, "sqlstate", None)  # psycopg's
    if isinstance(error, OSError) and error.errno is not None:
        code = errno.errorcode.get(error.errno)
    return name if code is None else f"{name} [{code}]"
