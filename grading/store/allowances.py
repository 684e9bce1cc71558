"""What all workers together may use up: tokens a minute, US dollars a month."""

from decimal import Decimal

from sqlalchemy import Connection, text

_SPENT = text("""
    SELECT cost FROM spending WHERE month = date_trunc('month', now() AT TIME ZONE 'utc')
""")

# A leaky bucket (the generic cell rate algorithm, with tokens as cells): it holds what a
# minute allows, drains all the time, and a call pours in what it may use. One row and one
# statement, so workers can't overdraw it between a look and a take. A call that is larger
# than the bucket is let in when it is empty, or it would wait for ever.
_POUR = text("""
    INSERT INTO token_buckets AS bucket (name, tokens, filled_at)
    VALUES (:name, :tokens, clock_timestamp())
    ON CONFLICT (name) DO UPDATE
    SET tokens = greatest(
            0, bucket.tokens
                - :per_minute * extract(epoch FROM clock_timestamp() - bucket.filled_at) / 60
        ) + :tokens,
        filled_at = clock_timestamp()
    WHERE greatest(
            0, bucket.tokens
                - :per_minute * extract(epoch FROM clock_timestamp() - bucket.filled_at) / 60
        ) <= greatest(0, :per_minute - :tokens)
    RETURNING tokens
""")

_WAIT = text("""
    SELECT 60 * (tokens - greatest(0, :per_minute - :tokens)) / :per_minute
        - extract(epoch FROM clock_timestamp() - filled_at)
    FROM token_buckets WHERE name = :name
""")

# What ran off since is subtracted first: a call may have used more than it took, and may have
# lasted longer than the bucket needed to run dry.
_POUR_BACK = text("""
    UPDATE token_buckets
    SET tokens = greatest(
            0, greatest(
                0, tokens - :per_minute * extract(epoch FROM clock_timestamp() - filled_at) / 60
            ) - :tokens
        ),
        filled_at = clock_timestamp()
    WHERE name = :name
""")


def spent_this_month(conn: Connection) -> Decimal:
    """What models have cost in this calendar month (UTC), in US dollars."""
    return Decimal(conn.scalar(_SPENT) or 0)


def take_tokens(conn: Connection, name: str, tokens: int, per_minute: int) -> float:
    """Take ``tokens`` from the allowance ``name``; 0, or the seconds until they may be had."""
    wanted = {"name": name, "tokens": tokens, "per_minute": per_minute}
    if conn.execute(_POUR, wanted).one_or_none() is not None:
        return 0.0
    wait = conn.scalar(_WAIT, wanted)
    # Between the two statements it may have drained far enough.
    return max(0.01, float(wait or 0))


def return_tokens(conn: Connection, name: str, tokens: int, per_minute: int) -> None:
    """Give back what was taken and not used; less than nothing takes more."""
    conn.execute(_POUR_BACK, {"name": name, "tokens": tokens, "per_minute": per_minute})
