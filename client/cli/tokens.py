"""Tokens, for operators: made, listed and revoked in the service's database."""

import json
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from client.cli.database import open_database
from client.cli.parameters import Json
from client.cli.terminal import note, printable, results, say

if TYPE_CHECKING:
    from grading.store.credentials import Credential

tokens = typer.Typer(
    help="For operators: makes, lists and revokes the tokens that callers are known by."
    " Needs DATABASE_URL.",
    rich_markup_mode=None,
)


class ScopeName(StrEnum):
    """The scopes, as they are typed."""

    SUBMIT = "submit"
    READ = "read"
    REVIEW = "review"
    ADMIN = "admin"


@tokens.command("create")
def create(
    name: Annotated[str, typer.Argument(help="A name that logs and lists show.")],
    scope: Annotated[
        list[ScopeName], typer.Option(help="What the caller may do; repeatable, none is implied.")
    ],
    tenant: Annotated[
        str, typer.Option(help="Whose jobs the caller sees: small letters, digits and hyphens.")
    ] = "default",
    days: Annotated[int, typer.Option(min=1, max=36_500, help="Days until it expires.")] = 365,
    forever: Annotated[bool, typer.Option("--no-expiry", help="It never expires.")] = False,
    certificate: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Make no token: let in who shows a client certificate with this name, an"
            " alternative name of its subject or its common name.",
        ),
    ] = None,
) -> None:
    """Make a token and write it to stdout, once: it can't be had again."""
    from grading.domain.caller import Scope, is_tenant
    from grading.exceptions import CertificateTaken
    from grading.store.credentials import admit_certificate, create_token

    if not is_tenant(tenant):
        raise typer.BadParameter(
            "must be up to 64 small letters, digits and hyphens", param_hint="'--tenant'"
        )
    if not name or printable(name) != name:
        raise typer.BadParameter("must be one line of text", param_hint="'NAME'")
    lifetime = None if forever else timedelta(days=days)
    scopes = [Scope(one.value) for one in scope]
    with open_database("token") as engine, engine.connect() as conn:
        if certificate is None:
            token = create_token(conn, name, tenant, scopes, lifetime)
            made = token.id
        else:
            try:
                made = admit_certificate(conn, certificate, name, tenant, scopes, lifetime)
            except CertificateTaken:
                note("vstep-grading: this certificate's name stands for a caller; revoke that one")
                raise typer.Exit(1) from None
    until = "never expires" if forever else f"expires in {days} days"
    words = ", ".join(sorted(one.value for one in scopes))
    note(f"{made}: {name}, tenant {tenant}, may {words}; {until}")
    if certificate is None:
        # Plain print: nothing may fold or colour it.
        print(token.write())


@tokens.command("list")
def show(
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's.")] = None,
    as_json: Json = False,
) -> None:
    """List tokens and certificates; a token's secret is not among what is stored."""
    from grading.store.credentials import list_credentials

    with open_database("token") as engine, engine.connect() as conn:
        found = list_credentials(conn, tenant)
    rows = [_row(credential) for credential in found]
    if as_json:
        print(json.dumps({"tokens": rows}, ensure_ascii=False))
        return
    console = results()
    for row in rows:
        console.print(_line(row), soft_wrap=True)


@tokens.command("revoke")
def revoke(
    token_id: Annotated[
        str, typer.Argument(metavar="ID", help="The id that create and list show.")
    ],
) -> None:
    """Revoke a token: servers refuse it within seconds, and end the streams that it opened."""
    from grading.store.credentials import revoke_credential

    with open_database("token") as engine, engine.connect() as conn:
        if not revoke_credential(conn, token_id):
            note(f"vstep-grading: there is no token of the id {printable(token_id)}")
            raise typer.Exit(1)
    say(f"{token_id}: revoked")


def _row(credential: "Credential") -> dict[str, object]:
    caller = credential.caller
    return {
        "id": credential.id,
        "name": caller.name,
        "tenant": caller.tenant,
        "scopes": sorted(scope.value for scope in caller.scopes),
        "certificate": credential.certificate,
        "standing": credential.standing(datetime.now(UTC)).value,
        "created": credential.created_at.isoformat(),
        "expires": _moment(credential.expires_at),
        "last_used": _moment(credential.last_used_at),
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _line(row: dict[str, object]) -> str:
    scopes = row["scopes"]
    assert isinstance(scopes, list)
    cells = (
        row["id"],
        row["standing"],
        row["tenant"],
        ",".join(scopes),
        f"expires {str(row['expires'] or 'never')[:10]}",
        f"used {str(row['last_used'] or 'never')[:10]}",
        row["name"],
        row["certificate"] or "",
    )
    return printable("  ".join(str(cell) for cell in cells))
