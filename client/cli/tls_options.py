"""The options of an encrypted connection; any of them encrypts it."""

import os
from pathlib import Path
from typing import Annotated

import typer

from client.tls import Tls

TlsOption = Annotated[
    bool,
    typer.Option("--tls", envvar="VSTEP_GRADING_TLS", help="Encrypt; trust public authorities."),
]
CaOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        envvar="VSTEP_GRADING_CA",
        help="Encrypt, and trust the authorities of this PEM file.",
    ),
]
CertificateOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        envvar="VSTEP_GRADING_CERTIFICATE",
        help="The PEM file of your certificate, where the service asks who calls.",
    ),
]
KeyOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", envvar="VSTEP_GRADING_KEY", help="The PEM file of your certificate's key."
    ),
]
ServerNameOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        envvar="VSTEP_GRADING_SERVER_NAME",
        help="The name in the service's certificate, where it isn't the address's.",
    ),
]


def tls_options(tls: Tls | None) -> tuple[str, ...]:
    """What is to be typed for the same encryption, beside what the environment says."""
    if tls is None:
        return ()
    if tls == Tls():
        return () if os.environ.get("VSTEP_GRADING_TLS") else ("--tls",)
    typed: list[str] = []
    for option, value in (
        ("ca", tls.ca),
        ("certificate", tls.certificate),
        ("key", tls.key),
        ("server-name", tls.server_name),
    ):
        variable = f"VSTEP_GRADING_{option.replace('-', '_').upper()}"
        if value is not None and str(value) != os.environ.get(variable):
            typed += f"--{option}", str(value)
    return tuple(typed)
