"""Connections to the service."""

import grpc

#: A connection that carries nothing is probed after 30 s and given up 10 s later.
#: Streams carry a heartbeat sooner, so that a live one is never probed: servers
#: cut off clients that probe more often than they allow.
_OPTIONS = (
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 0),
    # A server that came back is found within two seconds; gRPC's own limit is two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # Despite its name, how long one attempt to connect may take.
    ("grpc.min_reconnect_backoff_ms", 5_000),
)


def open_channel(address: str) -> grpc.Channel:
    """A plain-text channel to ``host:port``; it connects when the first call is made."""
    return grpc.insecure_channel(address, options=_OPTIONS)
