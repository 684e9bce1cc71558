"""Callers with tokens: what they are given, and how they show it."""

from datetime import timedelta

from grading.domain.caller import DEFAULT_TENANT, Scope
from grading.store.credentials import Token, admit_certificate, create_token, revoke_credential
from tests.stack.postgres import Database

Metadata = tuple[tuple[str, str], ...]


def issue(
    database: Database,
    *scopes: Scope,
    tenant: str = DEFAULT_TENANT,
    lifetime: timedelta | None = timedelta(hours=1),
) -> Token:
    """A token with these scopes; with all of them where none is named."""
    engine = database.make_engine(pool_size=1)
    try:
        with engine.connect() as conn:
            return create_token(conn, "a test's caller", tenant, scopes or tuple(Scope), lifetime)
    finally:
        engine.dispose()


def admit(database: Database, certificate: str, *scopes: Scope, tenant: str) -> str:
    """Let in who shows a certificate with this name; gives the id of what lets it in."""
    engine = database.make_engine(pool_size=1)
    try:
        with engine.connect() as conn:
            return admit_certificate(conn, certificate, certificate, tenant, scopes, None)
    finally:
        engine.dispose()


def revoke(database: Database, credential_id: str) -> None:
    """Revoke a token, or what lets a certificate in."""
    engine = database.make_engine(pool_size=1)
    try:
        with engine.connect() as conn:
            assert revoke_credential(conn, credential_id)
    finally:
        engine.dispose()


def showing(token: Token | str) -> Metadata:
    """The metadata of a call that shows a token."""
    written = token if isinstance(token, str) else token.write()
    return (("authorization", f"Bearer {written}"),)
