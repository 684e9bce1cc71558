"""Lets callers in: by a bearer token, or by the certificate that their connection was made with."""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from grpc import aio

from grading.auth_settings import ReflectionMode
from grading.domain.caller import ANYBODY, Scope
from grading.store.credentials import Credential, Standing, Token
from server.callers import Callers, Key
from server.calling import set_caller
from server.exceptions import ScopeMissing, Unauthenticated
from server.interceptors.wrapping import ServerStream, Unary, WrappingInterceptor

_log = structlog.get_logger(__name__)

_BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE | re.ASCII)
_HEALTH = "/grpc.health.v1.Health/"
_REFLECTION = "/grpc.reflection."
#: A certificate's names: those of its subject's alternatives first, then its common name.
_NAMES = ("x509_subject_alternative_name", "x509_common_name")

Context = aio.ServicerContext[Any, Any]


class Authentication(WrappingInterceptor):
    """Refuses who shows nothing valid, and who may not call the method.

    All who show nothing valid are refused alike; the log tells why. Without ``callers``
    everybody is let in.
    """

    def __init__(
        self, callers: Callers | None, scopes: Mapping[str, Scope], reflection: ReflectionMode
    ) -> None:
        super().__init__()
        self._callers = callers
        self._scopes = scopes
        self._open = (_HEALTH, _REFLECTION) if reflection is ReflectionMode.ON else (_HEALTH,)

    def unary(self, method: str, behavior: Unary) -> Unary:
        callers = self._guards(method)
        if callers is None:
            return _unguarded(behavior)

        async def guarded(request: Any, context: Context) -> Any:
            await self._admit(callers, method, context)
            return await behavior(request, context)

        return guarded

    def server_stream(self, method: str, behavior: ServerStream) -> ServerStream:
        callers = self._guards(method)
        if callers is None:
            return _unguarded_stream(behavior)

        async def guarded(request: Any, context: Context) -> AsyncIterator[Any]:
            key = await self._admit(callers, method, context)
            with callers.following(key) as guard:
                async for message in guard.follow(behavior(request, context)):
                    yield message

        return guarded

    def _guards(self, method: str) -> Callers | None:
        return None if method.startswith(self._open) else self._callers

    async def _admit(self, callers: Callers, method: str, context: Context) -> Key:
        """Let the caller in, or raise.

        Raises:
            Unauthenticated, ScopeMissing: it isn't let in.
            StoreUnavailable: that can't be told now.
        """
        key, token = _shown(context)
        credential = await callers.find(key)
        if credential is None:
            raise _refused("unknown", credential=key)
        if token is not None and not credential.matches(token):
            raise _refused("wrong_secret", credential=credential.id)
        standing = credential.standing(datetime.now(UTC))
        if standing is not Standing.VALID:
            raise _refused(standing.value, credential=credential.id)
        _introduce(credential)
        callers.used(credential)
        if not method.startswith(_REFLECTION):
            scope = self._scopes.get(method)
            if scope not in credential.caller.scopes:
                # A method that nobody thought of is nobody's.
                raise ScopeMissing(scope or Scope.ADMIN)
        return key


def _unguarded(behavior: Unary) -> Unary:
    async def open_to_all(request: Any, context: Context) -> Any:
        set_caller(ANYBODY)
        return await behavior(request, context)

    return open_to_all


def _unguarded_stream(behavior: ServerStream) -> ServerStream:
    async def open_to_all(request: Any, context: Context) -> AsyncIterator[Any]:
        set_caller(ANYBODY)
        async for message in behavior(request, context):
            yield message

    return open_to_all


def _shown(context: Context) -> tuple[Key, Token | None]:
    """What the caller shows: a token where it sent one, else its certificate's names."""
    metadata: Iterable[tuple[str, str | bytes]] = context.invocation_metadata() or ()
    sent = [value for name, value in metadata if name == "authorization"]
    if sent:
        token = _token_in(sent[0]) if len(sent) == 1 else None
        if token is None:
            raise _refused("malformed")
        return token.id, token
    names = certificate_names(context.auth_context())
    if not names:
        raise _refused("anonymous")
    return names, None


def _token_in(sent: str | bytes) -> Token | None:
    found = _BEARER.fullmatch(sent) if isinstance(sent, str) else None
    return None if found is None else Token.read(found[1])


def certificate_names(auth_context: Mapping[str, Iterable[bytes]]) -> tuple[str, ...]:
    """The names in a client's certificate, which gRPC has verified before it took the call."""
    names = (name for kind in _NAMES for name in auth_context.get(kind, ()))
    return tuple(dict.fromkeys(name.decode("utf-8", "replace") for name in names if name))


def _introduce(credential: Credential) -> None:
    caller = credential.caller
    set_caller(caller)
    structlog.contextvars.bind_contextvars(
        caller=caller.name, tenant=caller.tenant, credential=credential.id
    )


def _refused(why: str, **fields: Any) -> Unauthenticated:
    _log.info("caller_refused", why=why, **fields)
    return Unauthenticated()
