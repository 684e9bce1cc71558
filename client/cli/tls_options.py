"""The options of an encrypted connection; any of them encrypts it."""

from pathlib import Path
from typing import Annotated

import typer

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
