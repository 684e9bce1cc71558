"""Fetching: what a listed host gives, and every way in which it may not give it."""

import gzip
import re
import socket
import ssl
import time
from typing import Any

import httpcore2
import pytest

from grading.domain.audio import AudioProblem
from grading.exceptions import AudioRefused, TransientFault, WorkerStopping
from tests.stack.authority import Authority
from tests.stack.media_host import ADDRESS, NAMES, MediaHost, Reply
from tests.unit.recordings.conftest import Fetch, Names

WAV = b"RIFF\x24\x00\x00\x00WAVE" + bytes(range(256)) * 40

#: Who looks at the clock first is a matter of chance: the whole fetch, or its last step.
TOO_SLOW = re.compile("took too long|(Read|Connect)Timeout")


def _refused(call: Any, *arguments: Any, **options: Any) -> AudioRefused:
    with pytest.raises(AudioRefused) as refused:
        call(*arguments, **options)
    assert refused.value.message.endswith(".")
    return refused.value


def _passing(call: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(TransientFault) as fault:
        call(*arguments, **options)
    assert fault.value.retry_after is None
    return fault.value.message


def test_a_recording_comes_whole(fetched: Fetch, media: MediaHost) -> None:
    media.replies["/a.wav?x=%20"] = Reply(WAV, headers={"Content-Type": "text/plain"})
    assert fetched(media.url("/a.wav?x=%20#part")) == WAV
    assert media.asked == ["/a.wav?x=%20"]


def test_its_length_need_not_be_told(fetched: Fetch, media: MediaHost) -> None:
    media.replies["/a.wav"] = Reply(WAV, length=None)
    assert fetched(media.url("/a.wav")) == WAV


def test_an_address_may_be_listed_as_a_host(fetched: Fetch, media: MediaHost) -> None:
    media.replies["/a.wav"] = Reply(WAV)
    assert fetched(media.url("/a.wav", ADDRESS)) == WAV


def test_of_several_addresses_one_that_answers_is_enough(
    fetched: Fetch, media: MediaHost, names: Names, connected: list[str]
) -> None:
    media.replies["/a.wav"] = Reply(WAV)
    # Nobody listens there.
    names.answers[NAMES[0]] = [["127.0.0.9", ADDRESS]]
    assert fetched(media.url("/a.wav"), f"{NAMES[0]}:{media.port}=127.0.0.0/8") == WAV
    assert connected == ["127.0.0.9", ADDRESS]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_within_the_list_is_followed(
    status: int, fetched: Fetch, media: MediaHost
) -> None:
    target = media.url("/b.wav", NAMES[1])
    media.replies["/a.wav"] = Reply(status=status, headers={"Location": target})
    media.replies["/b.wav"] = Reply(status=status, headers={"Location": "c.wav"})
    media.replies["/c.wav"] = Reply(WAV)
    assert fetched(media.url("/a.wav")) == WAV
    assert media.asked == ["/a.wav", "/b.wav", "/c.wav"]


@pytest.mark.parametrize(
    "target",
    [
        "http://media.test:{port}/b.wav",
        "//unlisted.test/b.wav",
        "https://unlisted.test:{port}/b.wav",
        "https://user@media.test:{port}/b.wav",
        "https://media.test/b.wav",
        "https://127.0.0.2:{port}/b.wav",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]:{port}/b.wav",
        "file:///etc/passwd",
        "ftp://media.test:{port}/b.wav",
        "data:audio/wav;base64,UklGRg==",
        "https://[half/b.wav",
        "https://media.test:{port}/b c.wav",
        "https://media.test:{port}/bài.wav",
        "https://media.test:99999/b.wav",
    ],
)
def test_a_redirect_to_elsewhere_is_refused(
    target: str, fetched: Fetch, media: MediaHost, connected: list[str]
) -> None:
    place = target.format(port=media.port)
    media.replies["/a.wav"] = Reply(status=302, headers={"Location": place})
    media.replies["/b.wav"] = Reply(WAV)
    refused = _refused(fetched, media.url("/a.wav"))
    assert refused.problem is AudioProblem.UNREACHABLE
    assert refused.message.startswith("Not fetched: ")
    assert media.asked == ["/a.wav"]
    assert set(connected) == {ADDRESS}


def test_a_redirect_to_a_private_address_is_refused(
    fetched: Fetch, media: MediaHost, names: Names, connected: list[str]
) -> None:
    media.replies["/a.wav"] = Reply(status=302, headers={"Location": media.url("/b.wav", NAMES[1])})
    names.answers[NAMES[1]] = [["10.0.0.1"]]
    refused = _refused(fetched, media.url("/a.wav"))
    assert refused.problem is AudioProblem.UNREACHABLE
    assert connected == [ADDRESS]


def test_redirects_in_a_circle_end(fetched: Fetch, media: MediaHost) -> None:
    media.replies["/a.wav"] = Reply(status=302, headers={"Location": "/b.wav"})
    media.replies["/b.wav"] = Reply(status=302, headers={"Location": "/a.wav"})
    assert _refused(fetched, media.url("/a.wav")).problem is AudioProblem.UNREACHABLE
    assert len(media.asked) == 4


def test_a_redirect_without_a_target_ends(fetched: Fetch, media: MediaHost) -> None:
    media.replies["/a.wav"] = Reply(status=302)
    assert _refused(fetched, media.url("/a.wav")).problem is AudioProblem.UNREACHABLE


@pytest.mark.parametrize(
    "url", ["http://media.test:{port}/a.wav", "https://unlisted.test:{port}/a.wav"]
)
def test_what_is_not_listed_is_not_even_looked_up(
    url: str, fetched: Fetch, media: MediaHost, names: Names, connected: list[str]
) -> None:
    names.answers["unlisted.test"] = [[ADDRESS]]
    refused = _refused(fetched, url.format(port=media.port))
    assert refused.problem is AudioProblem.UNREACHABLE
    assert (names.looks, connected) == ([], [])


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.169.254",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1", "::1", "fe80::1", "fc00::1", "fec0::1", "::ffff:127.0.0.1",
        "64:ff9b::7f00:1", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_a_listed_name_does_not_lead_inside(
    address: str, fetched: Fetch, media: MediaHost, names: Names, connected: list[str]
) -> None:
    names.answers[NAMES[0]] = [[address]]
    refused = _refused(fetched, media.url("/a.wav"), f"{NAMES[0]}:{media.port}")
    assert refused.problem is AudioProblem.UNREACHABLE
    assert address not in refused.message
    assert connected == []


@pytest.mark.parametrize("literal", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0"])
def test_nor_does_an_address_that_was_listed_by_mistake(
    literal: str, fetched: Fetch, media: MediaHost, connected: list[str]
) -> None:
    refused = _refused(fetched, media.url("/a.wav", literal), f"{literal}:{media.port}")
    assert refused.problem is AudioProblem.UNREACHABLE
    assert connected == []


@pytest.mark.parametrize(
    "addresses", [["93.184.215.14", "10.0.0.1"], ["127.0.0.1", "93.184.215.14"]]
)
def test_one_private_address_among_several_is_enough_to_refuse(
    addresses: list[str], fetched: Fetch, media: MediaHost, names: Names, connected: list[str]
) -> None:
    names.answers[NAMES[0]] = [addresses]
    refused = _refused(fetched, media.url("/a.wav"), f"{NAMES[0]}:{media.port}")
    assert refused.problem is AudioProblem.UNREACHABLE
    assert connected == []


def test_what_was_checked_is_what_is_connected_to(
    fetched: Fetch, media: MediaHost, names: Names, connected: list[str]
) -> None:
    """DNS rebinding: public at the first look, and this very host at the next ones."""
    media.replies["/a.wav"] = Reply(WAV)
    names.answers[NAMES[0]] = [["93.184.215.14"], [ADDRESS]]
    assert "ConnectError" in _passing(fetched, media.url("/a.wav"), f"{NAMES[0]}:{media.port}")
    assert connected == ["93.184.215.14"]
    assert media.asked == []
    assert names.looks == [NAMES[0]]


def test_a_name_is_checked_anew_with_every_redirect(
    fetched: Fetch, media: MediaHost, names: Names, connected: list[str]
) -> None:
    media.replies["/a.wav"] = Reply(status=302, headers={"Location": "/b.wav"})
    media.replies["/b.wav"] = Reply(WAV)
    names.answers[NAMES[0]] = [[ADDRESS], ["127.0.0.2"]]
    assert _refused(fetched, media.url("/a.wav")).problem is AudioProblem.UNREACHABLE
    assert connected == [ADDRESS]


@pytest.mark.parametrize("length", [-1, None], ids=["told", "not told"])
def test_what_is_too_large_is_refused(length: int | None, fetched: Fetch, media: MediaHost) -> None:
    media.replies["/a.wav"] = Reply(WAV, length=length)
    refused = _refused(fetched, media.url("/a.wav"), most_bytes=len(WAV) - 1)
    assert refused.problem is AudioProblem.TOO_LARGE
    assert fetched(media.url("/a.wav"), most_bytes=len(WAV)) == WAV


def test_what_says_that_it_is_too_large_is_not_waited_for(fetched: Fetch, media: MediaHost) -> None:
    media.replies["/a.wav"] = Reply(WAV, length=10**12, body_trickle=1.0)
    started = time.monotonic()
    assert _refused(fetched, media.url("/a.wav")).problem is AudioProblem.TOO_LARGE
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "reply",
    [Reply(WAV, body_trickle=0.02), Reply(WAV, trickle=0.02)],
    ids=["body", "headers"],
)
def test_bytes_that_trickle_in_end_in_time(reply: Reply, fetched: Fetch, media: MediaHost) -> None:
    media.replies["/a.wav"] = reply
    started = time.monotonic()
    assert TOO_SLOW.search(_passing(fetched, media.url("/a.wav"), seconds=0.5))
    assert time.monotonic() - started < 2


def test_a_host_that_says_nothing_ends_in_time(fetched: Fetch, media: MediaHost) -> None:
    media.replies["/a.wav"] = Reply(WAV, trickle=30)
    started = time.monotonic()
    assert TOO_SLOW.search(_passing(fetched, media.url("/a.wav"), seconds=0.5))
    assert time.monotonic() - started < 2


def test_a_host_that_never_shakes_hands_ends_in_time(fetched: Fetch) -> None:
    with socket.create_server((ADDRESS, 0)) as deaf:
        port = deaf.getsockname()[1]
        started = time.monotonic()
        listed = f"{ADDRESS}:{port}={ADDRESS}"
        message = _passing(fetched, f"https://{ADDRESS}:{port}/a", listed, seconds=0.5)
        assert TOO_SLOW.search(message)
        assert time.monotonic() - started < 2


def test_redirects_share_their_time(fetched: Fetch, media: MediaHost) -> None:
    for here, there in ("ab", "bc", "cd"):
        media.replies[f"/{here}"] = Reply(
            status=302, headers={"Location": f"/{there}"}, trickle=0.008
        )
    media.replies["/d"] = Reply(WAV)
    started = time.monotonic()
    _passing(fetched, media.url("/a"), seconds=1.0)
    assert time.monotonic() - started < 3


def test_nothing_is_unpacked(fetched: Fetch, media: MediaHost) -> None:
    packed = gzip.compress(bytes(50_000_000))
    assert len(packed) < 100_000
    media.replies["/a.wav"] = Reply(packed, headers={"Content-Encoding": "gzip"})
    assert fetched(media.url("/a.wav")) == packed


@pytest.mark.parametrize("status", [204, 206, 300, 304, 400, 401, 403, 404, 410, 451])
def test_statuses_that_stay(status: int, fetched: Fetch, media: MediaHost) -> None:
    media.replies["/a.wav"] = Reply(status=status, length=0)
    refused = _refused(fetched, media.url("/a.wav"))
    assert refused.problem is AudioProblem.UNREACHABLE
    assert str(status) in refused.message


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_statuses_that_pass(status: int, fetched: Fetch, media: MediaHost) -> None:
    media.replies["/a.wav"] = Reply(status=status)
    assert str(status) in _passing(fetched, media.url("/a.wav"))


def test_a_body_that_breaks_off_may_come_whole_next_time(fetched: Fetch, media: MediaHost) -> None:
    media.replies["/a.wav"] = Reply(WAV, length=len(WAV) + 1)
    assert "ProtocolError" in _passing(fetched, media.url("/a.wav"))


def test_nobody_vouches_for_a_certificate(
    fetched: Fetch, media: MediaHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    media.replies["/a.wav"] = Reply(WAV)
    monkeypatch.delenv("SSL_CERT_FILE")
    _passing(fetched, media.url("/a.wav"))
    assert media.asked == []


def test_a_certificate_of_another_host(fetched: Fetch, authority: Authority) -> None:
    with MediaHost(authority.context("other.test")) as other:
        other.replies["/a.wav"] = Reply(WAV)
        _passing(fetched, other.url("/a.wav"), f"{NAMES[0]}:{other.port}={ADDRESS}")
        assert other.asked == []


def test_a_host_that_speaks_no_tls(fetched: Fetch) -> None:
    with MediaHost(None) as plain:
        plain.replies["/a.wav"] = Reply(WAV)
        _passing(fetched, plain.url("/a.wav"), f"{NAMES[0]}:{plain.port}={ADDRESS}")
        assert plain.asked == []


def test_a_port_where_nobody_listens(fetched: Fetch) -> None:
    assert "ConnectError" in _passing(fetched, f"https://{ADDRESS}:1/a", f"{ADDRESS}:1={ADDRESS}")


def test_a_name_that_nobody_has(fetched: Fetch) -> None:
    assert "gaierror" in _passing(fetched, "https://nobody.invalid/a.wav", "nobody.invalid")


def test_a_url_that_two_readers_understand_differently_leads_nowhere(
    fetched: Fetch, media: MediaHost, connected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Played: the library that asks reads another host in the URL than the list did."""
    read = httpcore2.URL

    def misread(url: str) -> httpcore2.URL:
        return read(url.replace(NAMES[0], NAMES[1]))

    monkeypatch.setattr(httpcore2, "URL", misread)
    assert _refused(fetched, media.url("/a.wav")).problem is AudioProblem.UNREACHABLE
    assert connected == []


def test_proxies_of_the_environment_are_not_used(
    fetched: Fetch, media: MediaHost, connected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.9:1")
    media.replies["/a.wav"] = Reply(WAV)
    assert fetched(media.url("/a.wav")) == WAV
    assert connected == [ADDRESS]


def test_a_fetch_stops_when_there_is_no_use_in_it(fetched: Fetch, media: MediaHost) -> None:
    media.replies["/a.wav"] = Reply(WAV, body_trickle=0.01)
    pieces = []

    def go_on() -> None:
        pieces.append(1)
        if len(pieces) == 3:
            raise WorkerStopping

    with pytest.raises(WorkerStopping):
        fetched(media.url("/a.wav"), go_on=go_on)


def test_certificates_are_looked_at(authority: Authority) -> None:
    """What the other tests rest on: the client's context checks names and signers."""
    context = httpcore2.default_ssl_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
