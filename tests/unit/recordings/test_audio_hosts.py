"""The list of hosts: what may be in it, which URLs it lets through, which addresses it admits."""

import ipaddress

import pytest

from grading.audio_hosts import AudioHost, AudioHosts, UrlRefused, read_audio_hosts

LIST = "media.example.org, Files.LAN:8443=10.1.0.0/16,, v6.lan.=fd00:1::/64"


def _host(network: str | None = None) -> AudioHost:
    return AudioHost("media.test", 443, ipaddress.ip_network(network) if network else None)


def _admits(address: str, network: str | None = None) -> bool:
    return _host(network).admits(ipaddress.ip_address(address))


def test_a_list_is_read() -> None:
    hosts = read_audio_hosts(LIST).hosts
    assert [(host.name, host.port, str(host.within)) for host in hosts] == [
        ("media.example.org", 443, "None"),
        ("files.lan", 8443, "10.1.0.0/16"),
        ("v6.lan", 443, "fd00:1::/64"),
    ]


def test_nothing_is_listed_by_itself() -> None:
    assert read_audio_hosts("") == AudioHosts()
    with pytest.raises(UrlRefused):
        AudioHosts().host_of("https://media.example.org/a.wav")


@pytest.mark.parametrize(
    "entry",
    [
        "https://media.example.org",
        "media.example.org/folder",
        "*",
        "*.example.org",
        "media..org",
        "-media.org",
        "media_.org",
        f"{'m' * 64}.org",
        "user@media.org",
        "[::1]",
        "::1",
        "media.org:",
        "media.org:https",
        "media.org:0",
        "media.org:65536",
        "media.org:443:443",
        "media.org=",
        "media.org=10.1.0.0/33",
        "media.org=10.1.0.1/16",
        "media.org=everywhere",
    ],
)
def test_a_wrong_entry_is_told_by_its_number(entry: str) -> None:
    with pytest.raises(ValueError, match=r"^entry 2 must ") as refused:
        read_audio_hosts(f"first.org,{entry}")
    assert entry not in str(refused.value)


@pytest.mark.parametrize(
    "network",
    ["0.0.0.0/0", "64.0.0.0/2", "126.0.0.0/7", "168.0.0.0/5", "::/0", "::/64", "fe00::/7"],
)
def test_a_network_does_not_take_in_the_host_itself_by_accident(network: str) -> None:
    with pytest.raises(ValueError, match="must end in a network that doesn't take in"):
        read_audio_hosts(f"media.org={network}")


@pytest.mark.parametrize("network", ["127.0.0.0/8", "127.0.0.1/32", "127.0.0.1", "::1/128"])
def test_the_host_itself_has_to_be_meant(network: str) -> None:
    [host] = read_audio_hosts(f"media.org={network}").hosts
    assert str(host.within).startswith(network)


@pytest.mark.parametrize(
    "url",
    [
        "https://media.example.org/a.wav",
        "HTTPS://MEDIA.example.ORG/a.wav",
        "https://media.example.org:443/a.wav?x=1#y",
        "https://media.example.org./a.wav",
        "https://files.lan:8443",
    ],
)
def test_a_listed_host_is_found(url: str) -> None:
    assert read_audio_hosts(LIST).host_of(url).name in {"media.example.org", "files.lan"}


@pytest.mark.parametrize(
    "url",
    [
        "http://media.example.org/a.wav",
        "ftp://media.example.org/a.wav",
        "file:///etc/passwd",
        "data:audio/wav;base64,UklGRg==",
        "gopher://media.example.org/",
        "//media.example.org/a.wav",
        "media.example.org/a.wav",
        "",
        "https:",
        "https:///a.wav",
        "https://",
        # Hosts that only look like the listed one.
        "https://example.org/a.wav",
        "https://evil.media.example.org/a.wav",
        "https://media.example.org.evil.test/a.wav",
        "https://media.example.org../a.wav",
        "https://evil.test/media.example.org",
        "https://evil.test#media.example.org",
        "https://evil.test?media.example.org",
        "https://evil.test\\@media.example.org/",
        "https://media.example.org%2eevil.test/",
        "https://media.example。org/a.wav",
        "https://mеdia.example.org/a.wav",  # with a Cyrillic letter
        # Users and passwords.
        "https://user@media.example.org/a.wav",
        "https://user:password@media.example.org/a.wav",
        "https://@media.example.org/a.wav",
        "https://media.example.org@evil.test/a.wav",
        # Ports.
        "https://media.example.org:80/a.wav",
        "https://media.example.org:8443/a.wav",
        "https://media.example.org:22/a.wav",
        "https://media.example.org:0/a.wav",
        "https://media.example.org:65536/a.wav",
        "https://media.example.org:https/a.wav",
        "https://files.lan/a.wav",
        # Addresses instead of names.
        "https://127.0.0.1/a.wav",
        "https://127.1/a.wav",
        "https://2130706433/a.wav",
        "https://0x7f000001/a.wav",
        "https://0177.0.0.1/a.wav",
        "https://0/a.wav",
        "https://10.1.0.1:8443/a.wav",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/a.wav",
        "https://[::ffff:127.0.0.1]/a.wav",
        "https://[fe80::1%25eth0]/a.wav",
        "https://[::1/a.wav",
    ],
)
def test_any_other_url_is_refused_without_a_word_of_it(url: str) -> None:
    with pytest.raises(UrlRefused) as refused:
        read_audio_hosts(LIST).host_of(url)
    assert "evil" not in str(refused.value)
    assert "password@" not in str(refused.value)


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:4700::6810:84e5"])
def test_a_host_may_have_public_addresses(address: str) -> None:
    assert _admits(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",  # noqa: S104
        "0.1.2.3",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.254",
        "192.168.0.1",
        "100.64.0.1",
        "100.127.255.254",
        "169.254.169.254",
        "192.0.0.1",
        "192.0.2.2",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::10.0.0.1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2001::1",
        "2001:db8::1",
        "100::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "4000::1",
    ],
)
def test_a_host_without_a_network_has_no_other_address(address: str) -> None:
    assert not _admits(address)


@pytest.mark.parametrize(
    ("address", "network", "admitted"),
    [
        ("10.1.2.3", "10.1.0.0/16", True),
        ("::ffff:10.1.2.3", "10.1.0.0/16", True),
        ("10.2.0.1", "10.1.0.0/16", False),
        ("8.8.8.8", "10.1.0.0/16", False),
        ("127.0.0.1", "10.1.0.0/16", False),
        ("fd00:1::1", "fd00:1::/64", True),
        ("fd00:2::1", "fd00:1::/64", False),
        ("10.1.2.3", "fd00:1::/64", False),
        ("127.0.0.1", "127.0.0.1/32", True),
        ("127.0.0.2", "127.0.0.1/32", False),
    ],
)
def test_a_host_with_a_network_stays_in_it(address: str, network: str, admitted: bool) -> None:
    assert _admits(address, network) is admitted
