"""The feed: the events of all jobs in one order, at least once, skipping nothing.

An event's place is (feed key, job id, sequence). Its key is at least the id of the
transaction that wrote it, so an event whose key lies below the oldest running
transaction can have no neighbour with a smaller key still to come: whoever might
write one has ended. The reader stops there. Within a job keys never fall, since
each change of a job takes the greatest of its own key and the transaction's.
Where the database was restored, an offset is added to ids (``grading.store.origin``).

All tenants' events lie in that one order, and a reader is given its own tenant's. A cursor bears
its tenant's mark, and never names another's job.
"""

import base64
import binascii
import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from sqlalchemy import Connection, text

from grading.domain.caller import DEFAULT_TENANT
from grading.domain.job import JobState
from grading.domain.work import Skill
from grading.exceptions import CursorInvalid, CursorTooOld
from grading.store.events import event_from
from grading.store.records import Event

_LAYOUT = struct.Struct(">Q16sQ")
_FIRST_JOB = UUID(int=0)
_LAST_JOB = UUID(int=2**128 - 1)
_LAST_SEQUENCE = 2**63 - 1
_MARK_LENGTH = 8


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A place in the feed: everything up to it was dealt with."""

    feed_key: int
    job_id: UUID = _FIRST_JOB
    sequence: int = 0

    @classmethod
    def after(cls, feed_key: int) -> Self:
        """The place behind every event with this key."""
        return cls(feed_key, _LAST_JOB, _LAST_SEQUENCE)

    @classmethod
    def read(cls, token: str, tenant: str = DEFAULT_TENANT) -> Self:
        """Read what ``write`` wrote for the same tenant.

        Raises:
            CursorInvalid: it didn't.
        """
        try:
            data = base64.b64decode(token, altchars=b"-_", validate=True)
            feed_key, job_id, sequence = _LAYOUT.unpack(data[: _LAYOUT.size])
        except (binascii.Error, struct.error, ValueError):
            raise CursorInvalid from None
        if max(feed_key, sequence) > _LAST_SEQUENCE or data[_LAYOUT.size :] != _mark(tenant):
            raise CursorInvalid
        return cls(feed_key, UUID(bytes=job_id), sequence)

    def write(self, tenant: str = DEFAULT_TENANT) -> str:
        """The cursor as clients of a tenant keep it."""
        packed = _LAYOUT.pack(self.feed_key, self.job_id.bytes, self.sequence)
        return base64.urlsafe_b64encode(packed + _mark(tenant)).decode()


def _mark(tenant: str) -> bytes:
    """What tells a tenant's cursors from others'; it guards against mistakes, not against theft.

    The default tenant's have none: they are older than tenants are.
    """
    if tenant == DEFAULT_TENANT:
        return b""
    return hashlib.sha256(tenant.encode()).digest()[:_MARK_LENGTH]


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """An event, its place, and what a filter asks of its job."""

    event: Event
    cursor: Cursor
    user_id: str
    skill: Skill


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Some events of a tenant, and how far the feed was read."""

    events: Sequence[FeedEvent]
    #: Every event up to here was read: behind the last one, where no more followed.
    reached: Cursor
    #: As much was read as was asked for: more may follow.
    full: bool


# The feed's bounds: what was purged, and how far it can be read. The end is the key of
# an event, and not the oldest running transaction's id: the ids of transactions that
# wrote nothing to the disk are given out again after a crash of PostgreSQL, and a
# cursor behind such an id would pass over whatever is written under it then.
#
# A restore takes back a time, and cursors of that time would pass over what is written
# since. They lie in a gap that the restore left; or beyond the bound, where nobody has
# told yet that there was one.
_BOUNDS = """
    SELECT CAST(CAST(purged_key AS text) AS bigint) AS purged,
           (SELECT CAST(CAST(after_key AS text) AS bigint) FROM feed_restores
            WHERE after_key < CAST(CAST(:feed_key AS text) AS xid8)
              AND before_key > CAST(CAST(:feed_key AS text) AS xid8)) AS undone_after,
           CAST(CAST(newest AS text) AS bigint) AS newest,
           CAST(CAST(feed_bound() AS text) AS bigint) AS bound
    FROM (
        SELECT purged_key, greatest(purged_key, (
            SELECT feed_key FROM events
            WHERE feed_key < feed_bound()
            ORDER BY feed_key DESC
            LIMIT 1
        )) AS newest
        FROM feed_horizon
    ) AS horizon
"""

# Bounds and events come from one snapshot. The one row of bounds comes also where no
# event does. Other tenants' events are read past, and counted, inside the limit: what one
# read costs doesn't depend on how many of them there are.
_READ = text(f"""
    WITH bounds AS ({_BOUNDS}),
    page AS (
        SELECT events.*, jobs.tenant, jobs.user_id, jobs.skill,
               CAST(CAST(events.feed_key AS text) AS bigint) AS place
        FROM events
        JOIN jobs ON jobs.id = events.job_id
        WHERE (events.feed_key, events.job_id, events.sequence)
              > (CAST(CAST(:feed_key AS text) AS xid8), CAST(:job_id AS uuid), :sequence)
          AND events.feed_key < feed_bound()
          AND (CAST(:states AS text[]) IS NULL OR events.state = ANY(CAST(:states AS text[])))
        ORDER BY events.feed_key, events.job_id, events.sequence
        LIMIT :limit
    )
    SELECT bounds.*, (SELECT count(*) FROM page) AS read, last.*, page.* FROM bounds
    LEFT JOIN (
        SELECT place AS last_place, job_id AS last_job_id, sequence AS last_sequence
        FROM page
        ORDER BY feed_key DESC, job_id DESC, sequence DESC
        LIMIT 1
    ) AS last ON true
    LEFT JOIN page ON page.tenant = :tenant
    ORDER BY page.feed_key, page.job_id, page.sequence
""")  # noqa: S608

_END = text(_BOUNDS)


def read_feed(
    conn: Connection,
    cursor: Cursor,
    limit: int,
    states: Sequence[JobState] | None = None,
    tenant: str = DEFAULT_TENANT,
) -> FeedPage:
    """Read up to ``limit`` events after ``cursor``, in the feed's order; of ``states`` alone.

    Gives those of ``tenant`` among them.

    Raises:
        CursorTooOld: events after the cursor were purged, or a restore has undone its time.
    """
    rows = conn.execute(
        _READ,
        {
            "feed_key": cursor.feed_key,
            "job_id": cursor.job_id,
            "sequence": cursor.sequence,
            "limit": limit,
            "states": None if states is None else [state.value for state in states],
            "tenant": tenant,
        },
    ).all()
    first = rows[0]
    _refuse_unusable(cursor, first, tenant)
    events = [
        FeedEvent(
            event_from(row),
            Cursor(row.place, row.job_id, row.sequence),
            row.user_id,
            Skill(row.skill),
        )
        for row in rows
        if row.place is not None
    ]
    reached = cursor
    if first.read:
        reached = Cursor(first.last_place, first.last_job_id, first.last_sequence)
    if first.read == limit:
        return FeedPage(events, reached, full=True)
    return FeedPage(events, max(reached, Cursor.after(first.newest)), full=False)


def feed_start(
    conn: Connection, token: str, *, at_end: bool, tenant: str = DEFAULT_TENANT
) -> Cursor:
    """Tell where a feed begins: at a client's cursor, at the oldest event kept, or now.

    Raises:
        CursorInvalid: the cursor was made up.
        CursorTooOld: events after it were purged, or a restore has undone its time; the
            error has the oldest that can be used.
    """
    cursor = Cursor.read(token, tenant) if token else None
    bounds = conn.execute(_END, {"feed_key": cursor.feed_key if cursor else 0}).one()
    if cursor is not None:
        _refuse_unusable(cursor, bounds, tenant)
        return cursor
    return Cursor.after(bounds.newest if at_end else bounds.purged)


def _refuse_unusable(cursor: Cursor, bounds: Any, tenant: str) -> None:
    oldest = Cursor.after(bounds.purged)
    if cursor < oldest:
        raise CursorTooOld(oldest.write(tenant))
    if bounds.undone_after is not None:
        raise CursorTooOld(max(oldest, Cursor.after(bounds.undone_after)).write(tenant))
    if cursor.feed_key >= bounds.bound:
        raise CursorTooOld(Cursor.after(bounds.newest).write(tenant))
