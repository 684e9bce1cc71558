"""Page tokens (AIP-158): opaque, and good for one filter only."""

import base64
import binascii
import hashlib
from uuid import UUID

from grading.exceptions import PageTokenInvalid
from grading.store.listing import JobFilter

_DIGEST_LENGTH = 16


def _digest(wanted: JobFilter) -> bytes:
    return hashlib.sha256(repr(wanted).encode()).digest()[:_DIGEST_LENGTH]


def write_token(last: UUID, wanted: JobFilter) -> str:
    """Name the page that comes after the job ``last`` of a filter."""
    return base64.urlsafe_b64encode(last.bytes + _digest(wanted)).decode()


def read_token(token: str, wanted: JobFilter) -> UUID | None:
    """Tell after which job the page begins; None for the first page.

    Raises:
        PageTokenInvalid: the token was made up, or belongs to another filter.
    """
    if not token:
        return None
    try:
        data = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise PageTokenInvalid from None
    last, digest = data[:16], data[16:]
    if len(last) != 16 or digest != _digest(wanted):
        raise PageTokenInvalid
    return UUID(bytes=last)
