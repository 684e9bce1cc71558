"""Encrypted connections, whose certificate may be replaced while the server runs."""

import asyncio
from datetime import UTC, datetime, timedelta

import grpc
import structlog

from grading.exceptions import SettingsError
from server.certificates import Certificates, TlsFiles
from server.metrics import CERTIFICATE_EXPIRY

_log = structlog.get_logger(__name__)

#: How often the files are looked at, in seconds.
LOOK_SECONDS = 1.0
#: A certificate that expires so soon is warned of.
_SOON = timedelta(days=14)
#: How often its expiry is told.
_TELL_EVERY = timedelta(days=1)


class ServerTls:
    """Shows the newest certificate to each new connection; those that are open stay as they are.

    Files that don't belong together are not used: the pair before them stays. A certificate and
    its key can't be replaced in one step, so that is complained of only when it lasts.
    """

    def __init__(self, files: TlsFiles) -> None:
        """Read the files.

        Raises:
            SettingsError: they can't be used.
        """
        self._files = files
        self._state = files.state
        self._refused = False
        self.certificates = Certificates.read(files)
        #: Read and not yet shown to gRPC.
        self._fresh: grpc.ServerCertificateConfiguration | None = None
        self.credentials = grpc.dynamic_ssl_server_credentials(
            self.certificates.configuration,
            self._take_fresh,  # type: ignore[arg-type]  # None is fine with gRPC
            require_client_authentication=files.client_ca is not None,
        )

    async def run(self) -> None:
        """Look after the files for ever, until cancelled."""
        tell_at = datetime.now(UTC)
        while True:
            if datetime.now(UTC) >= tell_at:
                self.tell()
                tell_at = datetime.now(UTC) + _TELL_EVERY
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await asyncio.to_thread(self.look)
            except Exception:
                # A file may hold what nobody thought of; the next may be fine again.
                _log.exception("tls_look_failed")

    def look(self) -> None:
        """Read the files again where they have changed."""
        state = self._files.state
        changed = state != self._state
        if not changed and not self._refused:
            return
        self._state = state
        try:
            self.certificates = Certificates.read(self._files)
        except SettingsError as error:
            if not changed:
                self._refused = False
                _log.warning("tls_files_not_used", error=str(error))
            else:
                self._refused = True
            return
        self._refused = False
        self._fresh = self.certificates.configuration
        self.tell()

    def tell(self) -> None:
        """Tell until when the certificate is good."""
        now = datetime.now(UTC)
        read = self.certificates
        CERTIFICATE_EXPIRY.set(read.expires.timestamp())
        fine = read.begins <= now < read.expires - _SOON
        (_log.info if fine else _log.warning)(
            "tls_certificate",
            valid=read.begins <= now < read.expires,
            begins=read.begins.isoformat(),
            expires=read.expires.isoformat(),
            days_left=(read.expires - now).days,
            clients_shown=read.client_ca is not None,
        )

    def _take_fresh(self) -> grpc.ServerCertificateConfiguration | None:
        # gRPC asks from a thread of its own, for each connection; None leaves all as it is.
        fresh, self._fresh = self._fresh, None
        return fresh
