"""Who signs the certificates of the tests' servers and clients."""

import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, in files."""

    certificate: Path
    key: Path

    @property
    def server_settings(self) -> dict[str, str]:
        """What makes a server show it."""
        return {
            "GRADING_TLS_CERTIFICATE": str(self.certificate),
            "GRADING_TLS_KEY": str(self.key),
        }

    def read(self) -> tuple[bytes, bytes]:
        """Key and certificate, as gRPC takes them."""
        return self.key.read_bytes(), self.certificate.read_bytes()

    def replace_with(self, other: "Pair") -> None:
        """Write another pair over this one, one file after the other."""
        self.certificate.write_bytes(other.certificate.read_bytes())
        self.key.write_bytes(other.key.read_bytes())


class Authority:
    """Signs certificates; whoever trusts ``file`` trusts them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._issued = 0
        self._signer = trustme.CA()
        self.file = folder / "authority.pem"
        self._signer.cert_pem.write_to_path(str(self.file))

    def context(self, *names: str) -> ssl.SSLContext:
        """What a server of these names is to be run with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._signer.issue_cert(*names).configure_cert(context)
        return context

    def issue(self, *names: str, expires: datetime | None = None) -> Pair:
        """A certificate for these names, and its key, in new files."""
        issued = self._signer.issue_cert(*names, not_after=expires)
        self._issued += 1
        pair = Pair(
            self._folder / f"certificate-{self._issued}.pem", self._folder / f"{self._issued}.key"
        )
        pair.certificate.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(str(pair.key))
        return pair
