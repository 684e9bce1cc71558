"""Encrypted connections: whom a client trusts, and who it is itself."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import grpc

from client.errors import ClientError


class TlsFileUnusable(ClientError):
    """A file of certificates or keys can't be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Tls:
    """What an encrypted connection is made with. All files are PEM."""

    #: The authorities, or the server's certificate itself, that are trusted; None trusts the
    #: public authorities that gRPC ships.
    ca: Path | None = None
    #: The client's certificate, with those between it and its authority, and its key: where the
    #: service asks who calls. Both or none.
    certificate: Path | None = None
    key: Path | None = None
    #: The name that the server's certificate must bear; None for the host of the address.
    server_name: str | None = None

    def credentials(self) -> grpc.ChannelCredentials:
        """What gRPC takes; the files are read now.

        Raises:
            TlsFileUnusable: a file can't be read, is no PEM, or a key isn't its certificate's.
        """
        if (self.certificate is None) != (self.key is None):
            raise TlsFileUnusable("a certificate needs its key, and a key its certificate")
        trusted = None if self.ca is None else _read(self.ca)
        own = [None if file is None else _read(file) for file in (self.key, self.certificate)]
        self._check()
        return grpc.ssl_channel_credentials(trusted, own[0], own[1])

    def _check(self) -> None:
        # gRPC takes anything, and tells no more than that it can't connect.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self.ca is not None:
            try:
                context.load_verify_locations(self.ca)
            except (ssl.SSLError, ValueError):
                raise TlsFileUnusable(f"{self.ca} holds no certificate in PEM form") from None
        if self.certificate is not None and self.key is not None:
            try:
                context.load_cert_chain(self.certificate, self.key, password=_no_password)
            except (ssl.SSLError, ValueError):
                raise TlsFileUnusable(
                    f"{self.certificate} and {self.key} are no certificate and its key, in PEM"
                    " form and without a password"
                ) from None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise TlsFileUnusable(f"can't read {file}: {error.strerror}") from None


def _no_password() -> str:
    # Without this, OpenSSL would ask for one at the terminal.
    return ""
