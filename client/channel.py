"""Connections to the service."""

import grpc

from client.tls import Tls

#: Calls go to every server of a name in turn, and past those that are down.
_SERVICE_CONFIG = '{"loadBalancingConfig": [{"round_robin": {}}]}'

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
    ("grpc.service_config", _SERVICE_CONFIG),
    # A name is looked up again when a connection was lost, and this long after the last time
    # at the earliest; gRPC's own limit is 30 s, in which a server may have moved.
    ("grpc.dns_min_time_between_resolutions_ms", 2_000),
)


def open_channel(address: str, tls: Tls | None = None) -> grpc.Channel:
    """A channel to ``address``, in plain text without ``tls``; connects at the first call.

    ``host:port`` or ``dns:///host:port`` reaches all servers behind the name,
    ``ipv4:10.0.0.1:8000,10.0.0.2:8000`` the addresses that it lists.

    Raises:
        TlsFileUnusable: a file that ``tls`` names can't be used.
    """
    if tls is None:
        return grpc.insecure_channel(address, options=_OPTIONS)
    options = list[tuple[str, str | int]](_OPTIONS)
    if tls.server_name is not None:
        options.append(("grpc.ssl_target_name_override", tls.server_name))
        options.append(("grpc.default_authority", tls.server_name))
    return grpc.secure_channel(address, tls.credentials(), options=options)
