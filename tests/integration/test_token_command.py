"""``vstep-grading token``: made, shown once, listed, revoked."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from client.cli import main
from grading.domain.caller import Caller, Scope
from grading.store.credentials import Token, find_credentials, list_credentials
from tests.stack.postgres import Database, Databases

Run = Callable[..., int]


@pytest.fixture
def run(database: Database, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, which needs the database and nothing else."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    for name in ("RABBITMQ_URL", "CELERY_BROKER_URL"):
        monkeypatch.delenv(name, raising=False)
    return lambda *words: main(["token", *words])


def test_a_token_is_shown_once(
    run: Run, conn: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    create = ("create", "the web app", "--tenant", "school", "--scope", "submit", "--scope", "read")
    assert run(*create) == 0
    shown = capsys.readouterr()
    [written] = shown.out.splitlines()
    token = Token.read(written)
    assert token is not None
    assert shown.err == (
        f"{token.id}: the web app, tenant school, may read, submit; expires in 365 days\n"
    )
    [found] = find_credentials(conn, [token.id], [])
    assert found.matches(token)
    assert found.caller == Caller("the web app", "school", frozenset({Scope.SUBMIT, Scope.READ}))
    assert found.expires_at is not None
    assert (found.expires_at - found.created_at).days == 365

    for words in (("list",), ("list", "--json"), ("list", "--tenant", "school")):
        assert run(*words) == 0
        shown = capsys.readouterr()
        assert token.id in shown.out
        assert written.rpartition("_")[2] not in shown.out + shown.err
    assert run("list", "--tenant", "another-school") == 0
    assert capsys.readouterr().out == ""

    assert run("revoke", token.id) == 0
    assert run("list", "--json") == 0
    [listed] = json.loads(capsys.readouterr().out.splitlines()[-1])["tokens"]
    assert (listed["id"], listed["standing"]) == (token.id, "revoked")


def test_a_certificate_is_let_in(
    run: Run, conn: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    admit = ("create", "app", "--scope", "admin", "--certificate", "app.test", "--no-expiry")
    assert run(*admit) == 0
    assert capsys.readouterr().out == ""
    [found] = list_credentials(conn, None)
    assert (found.certificate, found.expires_at) == ("app.test", None)
    assert run(*admit) == 1
    assert run("revoke", found.id) == 0
    assert run(*admit) == 0


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("create", "app"), 2, "--scope"),
        (("create", "app", "--scope", "everything"), 2, "--scope"),
        (("create", "app", "--scope", "read", "--tenant", "The School"), 2, "--tenant"),
        (("create", "a\nb", "--scope", "read"), 2, "NAME"),
        (("create", "app", "--scope", "read", "--days", "0"), 2, "--days"),
        (("revoke", "0123456789ab"), 1, "there is no token of the id 0123456789ab"),
    ],
)
def test_what_is_wrong_is_told(
    run: Run,
    words: tuple[str, ...],
    code: int,
    says: str,
    database: Database,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(*words) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert says in shown.err
    assert database.rows("SELECT FROM credentials") == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", 2),
        ("mysql://vstep:hunter2@db/name", 2),
        ("postgresql://vstep:hunter2@127.0.0.1:1/n", 1),
    ],
)
def test_a_database_that_cannot_be_used_is_told_in_a_line_without_its_password(
    run: Run, monkeypatch: pytest.MonkeyPatch, url: str, code: int,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("DATABASE_URL", url)
    assert run("list") == code
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("vstep-grading: DATABASE_URL: ")
    assert "hunter2" not in line


def test_a_database_without_the_schema_is_told(
    run: Run,
    databases: Databases,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with databases.empty() as empty:
        monkeypatch.setenv("DATABASE_URL", empty.url)
        assert run("list") == 1
    assert "python -m grading.store.schema" in capsys.readouterr().err
