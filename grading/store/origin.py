"""Where the feed's keys come from, and how they go on in another place.

A key is at least the id of the transaction that wrote the event, and a cluster counts its own
transactions. Where the database was restored from a dump, or to a moment of the past, or a
standby has taken over without the last transactions, the same ids are given out again, or lower
ones: a feed would pass over new events for a client whose cursor lies beyond them. So keys
become ids plus an offset, beyond everything that can have been given out before.
"""

from sqlalchemy import Connection, text

#: How many transactions the time that was lost may have had, at the most. Keys have 63 bits:
#: room for millions of restores.
MARGIN = 2**40

# A dump takes the row along, and its place is another one; a timeline begins with each
# recovery to a moment and each promotion.
_HERE = """
    SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
                     (SELECT oid FROM pg_database WHERE datname = current_database()),
                     left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))
"""

_ORIGIN = text(f"SELECT ({_HERE}) AS here, (SELECT origin FROM feed_origin) AS before")  # noqa: S608

# Whoever writes events holds a lock on the table that excludes this one, until his transaction
# ends. So none that began with an old key is still to end when there are new ones.
_KEEP_OUT = text("LOCK TABLE jobs, events IN SHARE ROW EXCLUSIVE MODE")

_GREATEST = text("""
    SELECT CAST(CAST(pg_current_xact_id() AS text) AS bigint) AS id,
           CAST(CAST(current_feed_key() AS text) AS bigint) AS key,
           CAST(CAST(greatest(
               (SELECT purged_key FROM feed_horizon),
               (SELECT feed_key FROM events ORDER BY feed_key DESC LIMIT 1)
           ) AS text) AS bigint) AS written
""")

_GAP = text("""
    INSERT INTO feed_restores (after_key, before_key, restored_at)
    VALUES (CAST(CAST(:after AS text) AS xid8), CAST(CAST(:before AS text) AS xid8), now())
    ON CONFLICT (after_key) DO UPDATE
    SET before_key = excluded.before_key, restored_at = excluded.restored_at
""")

_FORGET = text("DELETE FROM feed_origin")
_REMEMBER = text(f"INSERT INTO feed_origin {_HERE}")

_KEYS = """
    CREATE OR REPLACE FUNCTION current_feed_key() RETURNS xid8 LANGUAGE sql VOLATILE
        AS 'SELECT CAST(CAST(CAST(CAST(pg_current_xact_id() AS text) AS bigint) + {offset}
                   AS text) AS xid8)';
    CREATE OR REPLACE FUNCTION feed_bound() RETURNS xid8 LANGUAGE sql STABLE
        AS 'SELECT CAST(CAST(CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)
                   + {offset} AS text) AS xid8)'
"""


def adopt(conn: Connection) -> bool:
    """Let keys go on rising where the database is not where it was; tells whether it was moved.

    Must run in a transaction. May run while servers and workers do.
    """
    found = conn.execute(_ORIGIN).one()
    if found.here == found.before:
        return False
    conn.execute(_FORGET)
    conn.execute(_REMEMBER)
    if found.before is None:
        return False  # it was made here
    conn.execute(_KEEP_OUT)
    keys = conn.execute(_GREATEST).one()
    first = max(keys.key, keys.written) + MARGIN
    conn.execute(_GAP, {"after": keys.written, "before": first})
    conn.exec_driver_sql(_KEYS.format(offset=first - keys.id))
    return True
