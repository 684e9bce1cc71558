"""The settings of encrypted connections: whose certificate the server shows, and asks for."""

from pathlib import Path
from typing import Self

from pydantic import model_validator

from grading.environment import EnvironmentSettings


class TlsSettings(EnvironmentSettings):
    """Where the server's certificate is, each setting under the variable that sets it.

    All files are PEM, and are read by the server alone, again when they change.
    """

    #: The server's certificate, followed by those between it and its authority. With it, the
    #: server takes encrypted connections and no others.
    grading_tls_certificate: Path | None = None
    #: The key of that certificate, without a password.
    grading_tls_key: Path | None = None
    #: The authorities of clients' certificates. With it, a client must show one of theirs.
    grading_tls_client_ca: Path | None = None

    @model_validator(mode="after")
    def _certificate_and_key_go_together(self) -> Self:
        files = {
            "GRADING_TLS_CERTIFICATE": self.grading_tls_certificate,
            "GRADING_TLS_KEY": self.grading_tls_key,
        }
        of_clients = {"GRADING_TLS_CLIENT_CA": self.grading_tls_client_ca}
        given = [name for name, file in (files | of_clients).items() if file is not None]
        for name, file in files.items():
            if given and file is None:
                raise ValueError(f"{name}: must be set to a PEM file, since {given[0]} is set")
        return self
