"""The hosts that recordings may be fetched from, and the addresses that each may have. Pure.

Without an address range of its own, a host may resolve to public addresses only: an address
within a network is nobody's business but of whoever lists it.
"""

import ipaddress
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import urlsplit

HTTPS_PORT = 443
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.?")

#: RFC 6052: the last 32 bits are an IPv4 address.
_NAT64 = IPv6Network("64:ff9b::/96")

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class UrlRefused(ValueError):
    """A recording may not be fetched from this URL; the message says why, without the URL."""


@dataclass(frozen=True, slots=True)
class AudioHost:
    """One host and port that recordings may be fetched from."""

    #: In lower case, without a final dot.
    name: str
    port: int
    #: Where its addresses must lie; None for any public one.
    within: Network | None

    def admits(self, address: Address) -> bool:
        """Whether the host may be connected to at ``address``."""
        plain = _plain(address)
        if self.within is not None:
            return plain.version == self.within.version and plain in self.within
        return plain.is_global and not plain.is_multicast


@dataclass(frozen=True, slots=True)
class AudioHosts:
    """The list of hosts."""

    hosts: tuple[AudioHost, ...] = ()

    def host_of(self, url: str) -> AudioHost:
        """The host that ``url`` names.

        Raises:
            UrlRefused: it isn't https, carries a user, or its host is not listed.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or HTTPS_PORT
        except ValueError:
            raise UrlRefused("it is no URL") from None
        if parts.scheme != "https":
            raise UrlRefused("only https is fetched from")
        if parts.username is not None or parts.password is not None:
            raise UrlRefused("it may not hold a user or password")
        name = (parts.hostname or "").rstrip(".")
        for host in self.hosts:
            if (host.name, host.port) == (name, port):
                return host
        raise UrlRefused("its host is not one that recordings are fetched from")


def read_audio_hosts(text: str) -> AudioHosts:
    """Read a list such as ``media.example.org, files.lan:8443=10.1.0.0/16``.

    Raises:
        ValueError: names the entry that is wrong.
    """
    entries = (entry.strip() for entry in text.split(","))
    return AudioHosts(tuple(_read(entry) for entry in entries if entry))


def _read(entry: str) -> AudioHost:
    place, _, network = entry.partition("=")
    name, _, port = place.strip().lower().partition(":")
    if not _NAME.fullmatch(name) or not (port or "443").isdigit():
        raise ValueError(f"{entry!r} must be host, host:port or host:port=network")
    if not 1 <= int(port or HTTPS_PORT) <= 65535:
        raise ValueError(f"{entry!r} must have a port from 1 to 65535")
    try:
        within = ipaddress.ip_network(network.strip()) if network else None
    except ValueError:
        raise ValueError(f"{entry!r} must end in a network such as 10.1.0.0/16") from None
    return AudioHost(name.rstrip("."), int(port or HTTPS_PORT), within)


def _plain(address: Address) -> Address:
    """An IPv4 address that is written as an IPv6 one, as IPv4: or 127.0.0.1 had two names."""
    if not isinstance(address, IPv6Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
