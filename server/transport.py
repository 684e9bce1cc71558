"""What gRPC is told of connections: how long they live, and what may come through them."""

from grading.settings import Settings

#: The largest message that is read, in bytes. An answer has at most 20,000
#: characters, which is 80 kB at the most.
MAX_MESSAGE_BYTES = 4 * 1024 * 1024
#: What is larger still gRPC refuses before it has read it, in words of its own.
_UNREAD_BYTES = 2 * MAX_MESSAGE_BYTES

#: A call's metadata may have so many bytes; calls with more are refused, first by chance, then all.
_METADATA_BYTES, _MOST_METADATA_BYTES = 8 * 1024, 16 * 1024

#: How long a client that is pinged may take to answer, in seconds.
_PONG_SECONDS = 20
#: Pings that came too early, before the client is cut off.
_STRIKES = 2
#: Streams of a connection beside those that are counted: calls in flight.
_CALLS = 1000
#: More than a stream may be old, in seconds.
_LATER = 60


def transport_options(settings: Settings) -> list[tuple[str, int]]:
    """gRPC's names for all of it."""
    options = {
        "grpc.max_receive_message_length": _UNREAD_BYTES,
        "grpc.max_metadata_size": _METADATA_BYTES,
        "grpc.absolute_max_metadata_size": _MOST_METADATA_BYTES,
        # gRPC cancels calls beyond these by chance, 1,000 and 3,000 by itself: fewer
        # than the watchers that come back at once when a server was lost.
        "grpc.server.max_pending_requests": 20_000,
        "grpc.server.max_pending_requests_hard_limit": 40_000,
        "grpc.max_concurrent_streams": settings.grading_streams_per_server + _CALLS,
        # Two servers on one port would take half of each other's calls.
        "grpc.so_reuseport": 0,
        # A client that vanished without a word holds its streams until this finds out.
        "grpc.keepalive_time_ms": _milliseconds(settings.grading_keepalive_seconds),
        "grpc.keepalive_timeout_ms": _milliseconds(_PONG_SECONDS),
        "grpc.keepalive_permit_without_calls": 1,
        "grpc.http2.max_pings_without_data": 0,
        "grpc.http2.min_ping_interval_without_data_ms": _milliseconds(
            settings.grading_ping_seconds
        ),
        "grpc.http2.max_ping_strikes": _STRIKES,
    }
    if settings.grading_connection_age_seconds:
        grace = settings.grading_connection_grace_seconds
        if grace is None:
            grace = settings.grading_stream_max_age_seconds + _LATER
        options["grpc.max_connection_age_ms"] = _milliseconds(
            settings.grading_connection_age_seconds
        )
        options["grpc.max_connection_age_grace_ms"] = _milliseconds(grace)
    return list(options.items())


def _milliseconds(seconds: float) -> int:
    # gRPC takes a C integer.
    return min(int(seconds * 1000), 2**31 - 1)
