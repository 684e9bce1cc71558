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
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")

#: RFC 6052: the last 32 bits are an IPv4 address.
_NAT64 = IPv6Network("64:ff9b::/96")
#: RFC 4291: all other IPv6 addresses that are in use by now stay within a network or a host.
_PUBLIC_IPV6 = IPv6Network("2000::/3")

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: The host itself, and what answers on the link, such as a cloud's metadata. A network that
#: takes them in beside other addresses is a slip.
_APART: tuple[Network, ...] = (
    IPv4Network("0.0.0.0/8"),
    IPv4Network("127.0.0.0/8"),
    IPv4Network("169.254.0.0/16"),
    IPv6Network("::/96"),
    IPv6Network("fe80::/10"),
)


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
        if isinstance(plain, IPv6Address) and plain not in _PUBLIC_IPV6:
            return False
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
            port = HTTPS_PORT if parts.port is None else parts.port
        except ValueError:
            raise UrlRefused("it is no URL") from None
        if parts.scheme != "https":
            raise UrlRefused("only https is fetched from")
        if parts.username is not None or parts.password is not None:
            raise UrlRefused("it may not hold a user or password")
        name = (parts.hostname or "").removesuffix(".")
        for host in self.hosts:
            if (host.name, host.port) == (name, port):
                return host
        raise UrlRefused("its host is not one that recordings are fetched from")


def read_audio_hosts(text: str) -> AudioHosts:
    """Read a list such as ``media.example.org, files.lan:8443=10.1.0.0/16``.

    Raises:
        ValueError: tells which entry is wrong, by its number.
    """
    entries = [entry.strip() for entry in text.split(",")]
    return AudioHosts(
        tuple(_read(entry, f"entry {at}") for at, entry in enumerate(entries, 1) if entry)
    )


def _read(entry: str, which: str) -> AudioHost:
    place, given, network = entry.partition("=")
    name, colon, port = place.strip().lower().partition(":")
    if not _NAME.fullmatch(name) or (colon and not port.isdecimal()):
        raise ValueError(f"{which} must be host, host:port or host:port=network")
    number = int(port) if colon else HTTPS_PORT
    if not 1 <= number <= 65535:
        raise ValueError(f"{which} must have a port from 1 to 65535")
    return AudioHost(
        name.removesuffix("."), number, _network(network.strip(), which) if given else None
    )


def _network(text: str, which: str) -> Network:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(f"{which} must end in a network such as 10.1.0.0/16") from None
    for apart in _APART:
        if apart.network_address in network and network.prefixlen < apart.prefixlen:
            raise ValueError(f"{which} must end in a network that doesn't take in {apart}")
    return network


def _plain(address: Address) -> Address:
    """An IPv4 address that is written as an IPv6 one, as IPv4: or 127.0.0.1 had two names."""
    if not isinstance(address, IPv6Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
