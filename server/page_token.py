"""Page tokens (AIP-158): opaque, and good for one filter only."""

import base64
import binascii
import hashlib
from uuid import UUID

from grading.exceptions import PageTokenInvalid
from grading.store.listing import JobFilter
from grading.store.review_listing import ReviewFilter, ReviewPlace

_DIGEST_LENGTH = 16


def write_token(last: UUID, wanted: JobFilter) -> str:
    """Name the page that comes after the job ``last`` of a filter."""
    return _write(last.bytes, wanted)


def read_token(token: str, wanted: JobFilter) -> UUID | None:
    """Tell after which job the page begins; None for the first page.

    Raises:
        PageTokenInvalid: the token was made up, or belongs to another filter.
    """
    return UUID(bytes=_read(token, 16, wanted)) if token else None


def write_review_token(last: ReviewPlace, wanted: ReviewFilter) -> str:
    """Name the page that comes after the review at ``last`` of a filter."""
    return _write(bytes([last.rank]) + last.job_id.bytes, wanted)


def read_review_token(token: str, wanted: ReviewFilter) -> ReviewPlace | None:
    """Tell after which review the page begins; None for the first page.

    Raises:
        PageTokenInvalid: the token was made up, or belongs to another filter.
    """
    if not token:
        return None
    place = _read(token, 17, wanted)
    return ReviewPlace(place[0], UUID(bytes=place[1:]))


def _digest(wanted: JobFilter | ReviewFilter) -> bytes:
    return hashlib.sha256(repr(wanted).encode()).digest()[:_DIGEST_LENGTH]


def _write(place: bytes, wanted: JobFilter | ReviewFilter) -> str:
    return base64.urlsafe_b64encode(place + _digest(wanted)).decode()


def _read(token: str, length: int, wanted: JobFilter | ReviewFilter) -> bytes:
    try:
        data = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise PageTokenInvalid from None
    place, digest = data[:length], data[length:]
    if len(place) != length or digest != _digest(wanted):
        raise PageTokenInvalid
    return place
