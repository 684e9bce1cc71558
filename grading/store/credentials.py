"""Credentials: the tokens and client certificates that callers are known by.

Of a token only the SHA-256 of its secret part is stored. A slow hash, as passwords need, would
add nothing: the secret is 256 bits of chance, which nobody finds by trying, and each call would
pay for it. Tokens are looked up by their public part, so that how long a look-up takes tells
nothing of the secret.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from grading.domain.caller import Caller, Scope
from grading.exceptions import CertificateTaken

_ID_BYTES, _SECRET_BYTES = 6, 32
_SCOPES = {scope.value: scope for scope in Scope}
_TOKEN = re.compile(
    rf"vstep_([0-9a-f]{{{2 * _ID_BYTES}}})_([0-9a-f]{{{2 * _SECRET_BYTES}}})", re.ASCII
)
#: How long the row of a credential that is good for nothing any more is kept.
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Token:
    """A token in the hands of its caller."""

    #: The public part, which logs may hold.
    id: str
    _secret: str

    @classmethod
    def new(cls) -> "Token":
        """Make a token that there never was before."""
        return cls(secrets.token_hex(_ID_BYTES), secrets.token_hex(_SECRET_BYTES))

    @classmethod
    def read(cls, written: str) -> "Token | None":
        """Read what ``write`` wrote; None where it didn't."""
        found = _TOKEN.fullmatch(written)
        return None if found is None else cls(*found.groups())

    def write(self) -> str:
        """The token as callers keep it. A secret."""
        return f"vstep_{self.id}_{self._secret}"

    def __repr__(self) -> str:
        return f"Token({self.id})"

    @property
    def secret_hash(self) -> bytes:
        """What is stored of the secret."""
        return hashlib.sha256(self._secret.encode()).digest()


class Standing(StrEnum):
    """What a credential is good for now."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Credential:
    """A row of ``credentials``."""

    id: str
    caller: Caller
    #: Of a token; None of a certificate.
    secret_hash: bytes | None
    #: The name that a client's certificate bears; None of a token.
    certificate: str | None
    created_at: datetime
    #: None where it never does.
    expires_at: datetime | None
    revoked_at: datetime | None
    #: To within a minute or so.
    last_used_at: datetime | None

    def standing(self, now: datetime) -> Standing:
        """What it is good for at a moment."""
        if self.revoked_at is not None:
            return Standing.REVOKED
        if self.expires_at is not None and self.expires_at <= now:
            return Standing.EXPIRED
        return Standing.VALID

    def matches(self, token: Token) -> bool:
        """Whether this is the token's, told in a time that doesn't depend on the secret."""
        stored = self.secret_hash
        return stored is not None and hmac.compare_digest(stored, token.secret_hash)


_CREATE = text("""
    INSERT INTO credentials (
        id, name, tenant, scopes, secret_hash, certificate, created_at, expires_at
    )
    VALUES (
        :id, :name, :tenant, :scopes, :secret_hash, :certificate, now(),
        now() + CAST(:lifetime AS interval)
    )
""")

# A revoked certificate's name may have been given anew.
_FIND = text("""
    SELECT * FROM credentials
    WHERE id = ANY(CAST(:ids AS text[]))
       OR (certificate = ANY(CAST(:certificates AS text[])) AND revoked_at IS NULL)
""")

_LIST = text("""
    SELECT * FROM credentials
    WHERE CAST(:tenant AS text) IS NULL OR tenant = :tenant
    ORDER BY tenant, created_at, id
""")

# The first revocation stands.
_REVOKE = text("""
    UPDATE credentials SET revoked_at = coalesce(revoked_at, now()) WHERE id = :id
""")

_USED = text("""
    UPDATE credentials SET last_used_at = now() WHERE id = ANY(CAST(:ids AS text[]))
""")

_PURGE = text("""
    DELETE FROM credentials WHERE least(expires_at, revoked_at) < now() - CAST(:kept AS interval)
""")


def create_token(
    conn: Connection,
    name: str,
    tenant: str,
    scopes: Sequence[Scope],
    lifetime: timedelta | None,
) -> Token:
    """Make a token. It can't be had again; without ``lifetime`` it never expires."""
    token = Token.new()
    values = {"id": token.id, "secret_hash": token.secret_hash, "certificate": None}
    _create(conn, values, name, tenant, scopes, lifetime)
    return token


def admit_certificate(
    conn: Connection,
    certificate: str,
    name: str,
    tenant: str,
    scopes: Sequence[Scope],
    lifetime: timedelta | None,
) -> str:
    """Let in who shows a certificate with this name; gives the id to revoke it by.

    Raises:
        CertificateTaken: the name stands for a caller already.
    """
    own = secrets.token_hex(_ID_BYTES)
    values = {"id": own, "secret_hash": None, "certificate": certificate}
    try:
        _create(conn, values, name, tenant, scopes, lifetime)
    except IntegrityError:
        raise CertificateTaken(certificate) from None
    return own


def _create(
    conn: Connection,
    values: dict[str, Any],
    name: str,
    tenant: str,
    scopes: Sequence[Scope],
    lifetime: timedelta | None,
) -> None:
    conn.execute(
        _CREATE,
        {
            **values,
            "name": name,
            "tenant": tenant,
            "scopes": sorted({scope.value for scope in scopes}),
            "lifetime": lifetime,
        },
    )


def find_credentials(
    conn: Connection, ids: Sequence[str], certificates: Sequence[str]
) -> list[Credential]:
    """Read credentials by the ids of tokens and by names in certificates, whatever they are
    still good for."""
    rows = conn.execute(_FIND, {"ids": list(ids), "certificates": list(certificates)})
    return [_credential(row) for row in rows]


def list_credentials(conn: Connection, tenant: str | None) -> list[Credential]:
    """Read the credentials of a tenant, or of all, the oldest first."""
    return [_credential(row) for row in conn.execute(_LIST, {"tenant": tenant})]


def revoke_credential(conn: Connection, credential_id: str) -> bool:
    """Make a credential good for nothing, for ever; tells whether there is one of this id."""
    return conn.execute(_REVOKE, {"id": credential_id}).rowcount > 0


def note_used(conn: Connection, ids: Sequence[str]) -> None:
    """Note that credentials were used a moment ago."""
    conn.execute(_USED, {"ids": list(ids)})


def purge_credentials(conn: Connection, kept: timedelta = KEPT) -> int:
    """Delete what expired or was revoked longer than ``kept`` ago; tells how many."""
    return conn.execute(_PURGE, {"kept": kept}).rowcount


def _credential(row: Any) -> Credential:
    # One that a later release gave out says nothing to this one.
    scopes = frozenset(_SCOPES[name] for name in row.scopes if name in _SCOPES)
    return Credential(
        id=row.id,
        caller=Caller(row.name, row.tenant, scopes),
        secret_hash=None if row.secret_hash is None else bytes(row.secret_hash),
        certificate=row.certificate,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
