"""The server's certificate and key, read and checked."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from grading.exceptions import SettingsError
from grading.tls_settings import TlsSettings

CERTIFICATE = "GRADING_TLS_CERTIFICATE"
KEY = "GRADING_TLS_KEY"
CLIENT_CA = "GRADING_TLS_CLIENT_CA"


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where everything is."""

    certificate: Path
    key: Path
    client_ca: Path | None

    @classmethod
    def of(cls, settings: TlsSettings) -> "TlsFiles | None":
        """The files of the settings; None where connections aren't encrypted."""
        certificate, key = settings.grading_tls_certificate, settings.grading_tls_key
        if certificate is None or key is None:
            return None
        return cls(certificate, key, settings.grading_tls_client_ca)

    @property
    def state(self) -> tuple[tuple[int, int, int] | None, ...]:
        """What differs once a file was written or replaced; None for one that is missing."""
        return tuple(
            _state(file)
            for file in (self.certificate, self.key, self.client_ca)
            if file is not None
        )


@dataclass(frozen=True, slots=True)
class Certificates:
    """What an encrypted connection is made with."""

    #: In PEM form, followed by those between it and its authority.
    certificate: bytes
    key: bytes
    #: The authorities that sign clients' certificates; None where clients show none.
    client_ca: bytes | None
    #: The first moment at which one of the certificates is no good, and the last before.
    expires: datetime
    begins: datetime

    @classmethod
    def read(cls, files: TlsFiles) -> "Certificates":
        """Read the files, and check that they belong together.

        Raises:
            SettingsError: one can't be read, is no PEM, or the key isn't the certificate's.
        """
        certificate, key = _read(CERTIFICATE, files.certificate), _read(KEY, files.key)
        chain = _certificates(CERTIFICATE, certificate)
        _check_key(key, chain[0])
        client_ca = None if files.client_ca is None else _read(CLIENT_CA, files.client_ca)
        if client_ca is not None:
            _certificates(CLIENT_CA, client_ca)
        return cls(
            certificate,
            key,
            client_ca,
            min(each.not_valid_after_utc for each in chain),
            max(each.not_valid_before_utc for each in chain),
        )

    @property
    def configuration(self) -> grpc.ServerCertificateConfiguration:
        """The same for gRPC."""
        return grpc.ssl_server_certificate_configuration(
            [(self.key, self.certificate)], self.client_ca
        )


def _state(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _read(variable: str, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SettingsError(f"{variable}: can't read {file}: {error.strerror}") from None


def _certificates(variable: str, pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise SettingsError(f"{variable}: must name a file of certificates in PEM form") from None


def _check_key(pem: bytes, certificate: x509.Certificate) -> None:
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SettingsError(
            f"{KEY}: must name a file with a key in PEM form, without a password"
        ) from None
    if key.public_key() != certificate.public_key():
        raise SettingsError(f"{KEY}: must name the key of the certificate of {CERTIFICATE}")
