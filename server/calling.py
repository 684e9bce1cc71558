"""Who makes the call that is being served."""

from contextvars import ContextVar

from grading.domain.caller import Caller

#: Set by the interceptor that lets callers in, for the task that serves the call.
_caller: ContextVar[Caller] = ContextVar("caller")


def set_caller(caller: Caller) -> None:
    """Note who makes this task's call."""
    _caller.set(caller)


def current_caller() -> Caller:
    """Who makes this task's call.

    Raises:
        LookupError: nobody was let in; a handler never runs then.
    """
    return _caller.get()


def current_tenant() -> str:
    """The tenant whose jobs this call may see.

    Raises:
        LookupError: as ``current_caller`` does.
    """
    return current_caller().tenant
