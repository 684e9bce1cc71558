"""Credentials in the store: what is kept of a token, and for how long."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import Connection, text

from grading.domain.caller import Caller, Scope
from grading.exceptions import CertificateTaken
from grading.store.credentials import (
    Credential,
    Standing,
    Token,
    admit_certificate,
    create_token,
    find_credentials,
    list_credentials,
    note_used,
    purge_credentials,
    revoke_credential,
)
from tests.stack.postgres import Database

HOUR = timedelta(hours=1)
NOW = timedelta()


def _token(conn: Connection, lifetime: timedelta | None = HOUR, tenant: str = "school") -> Token:
    return create_token(conn, "app", tenant, (Scope.SUBMIT, Scope.READ, Scope.READ), lifetime)


def _find(conn: Connection, token: Token) -> Credential:
    [found] = find_credentials(conn, [token.id], [])
    return found


def _standing(conn: Connection, token: Token, after: timedelta = NOW) -> Standing:
    return _find(conn, token).standing(datetime.now(UTC) + after)


def test_a_token_is_found_by_its_id_and_known_by_its_secret(conn: Connection) -> None:
    token = _token(conn)
    written = token.write()
    assert Token.read(written) == token
    found = _find(conn, token)
    assert found.caller == Caller("app", "school", frozenset({Scope.SUBMIT, Scope.READ}))
    assert found.matches(token)
    assert not found.matches(_token(conn))
    assert _token(conn).write() != written
    assert find_credentials(conn, [], [token.id]) == []


def test_nothing_of_the_secret_is_stored_or_shown(conn: Connection, database: Database) -> None:
    token = _token(conn)
    secret = token.write().rpartition("_")[2]
    assert len(bytes.fromhex(secret)) == 32
    [row] = database.rows("SELECT * FROM credentials")
    assert bytes(row["secret_hash"]) == sha256(secret.encode()).digest()
    assert secret not in str(row) + repr(token) + str(token) + f"{token}"


@pytest.mark.parametrize(
    "written",
    ["", "vstep", "vstep__", "vstep_0123456789ab_", "VSTEP_0123456789ab_" + "0" * 64,
     "vstep_0123456789ab_" + "0" * 63, "vstep_0123456789ab_" + "0" * 65,
     "vstep_0123456789ab_" + "٠" * 64, "vstep_0123456789ab_" + "0" * 64 + "\n"],
)  # fmt: skip
def test_what_no_token_is_is_not_looked_up(written: str) -> None:
    assert Token.read(written) is None


def test_a_token_expires_or_is_revoked(conn: Connection) -> None:
    short, long, revoked = _token(conn), _token(conn, None), _token(conn)
    assert _standing(conn, short) is Standing.VALID
    assert _standing(conn, short, HOUR) is Standing.EXPIRED
    assert _standing(conn, long, timedelta(days=9999)) is Standing.VALID
    assert revoke_credential(conn, revoked.id)
    first = _find(conn, revoked).revoked_at
    assert _standing(conn, revoked, HOUR) is Standing.REVOKED
    assert revoke_credential(conn, revoked.id)
    assert _find(conn, revoked).revoked_at == first
    assert not revoke_credential(conn, "unknown")


def test_a_certificates_name_stands_for_one_caller_at_a_time(conn: Connection) -> None:
    first = admit_certificate(conn, "app.test", "app", "school", (Scope.READ,), HOUR)
    with pytest.raises(CertificateTaken):
        admit_certificate(conn, "app.test", "other", "another-school", (Scope.READ,), None)
    [found] = find_credentials(conn, [], ["app.test", "unknown.test"])
    assert (found.id, found.caller.tenant, found.secret_hash) == (first, "school", None)
    # No token is a certificate's.
    assert not found.matches(_token(conn))
    assert revoke_credential(conn, first)
    assert find_credentials(conn, [], ["app.test"]) == []
    second = admit_certificate(conn, "app.test", "other", "another-school", (Scope.READ,), None)
    [found] = find_credentials(conn, [], ["app.test"])
    assert (found.id, found.caller.tenant) == (second, "another-school")


def test_a_scope_of_a_later_release_says_nothing(conn: Connection) -> None:
    token = _token(conn)
    conn.execute(text("UPDATE credentials SET scopes = ARRAY['read', 'translate']"))
    assert _find(conn, token).caller.scopes == {Scope.READ}


def test_lists_are_a_tenants_or_all(conn: Connection) -> None:
    ours, theirs = _token(conn), _token(conn, tenant="another-school")
    assert [one.id for one in list_credentials(conn, "school")] == [ours.id]
    assert [one.id for one in list_credentials(conn, None)] == [theirs.id, ours.id]


def test_use_is_noted(conn: Connection) -> None:
    used, unused = _token(conn), _token(conn)
    note_used(conn, [used.id])
    assert _find(conn, used).last_used_at is not None
    assert _find(conn, unused).last_used_at is None


def test_what_is_good_for_nothing_any_more_is_purged_later(conn: Connection) -> None:
    kept = [_token(conn), _token(conn, None)]
    expired, revoked = _token(conn, -HOUR), _token(conn)
    revoke_credential(conn, revoked.id)
    assert purge_credentials(conn) == 0
    assert purge_credentials(conn, HOUR * 2) == 0
    assert purge_credentials(conn, NOW) == 2
    assert {one.id for one in list_credentials(conn, None)} == {token.id for token in kept}
    assert find_credentials(conn, [expired.id, revoked.id], []) == []
