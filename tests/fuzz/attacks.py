"""What is sent to the port by those who speak no gRPC, or speak it badly on purpose."""

import gzip
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from random import Random

import hpack

from tests.fuzz.http2 import Connection, Headers, message
from tests.stack.submissions import submission

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#: gRPC's own answers to HTTP/2 that no library sends: its core gives them before a call is one.
#: They say nothing but what was wrong with the frame.
BY_CORE = (
    "Error parsing '",
    "Illegal header",
    "Metadata keys cannot be zero length",
    "Compression bit set but no encoding configured",
    "Decompression failed",
    "Unrecognized compression",
)
_INTERNAL = 13
_UNKNOWN = 2

Attack = Callable[[int, Random], None]


@contextmanager
def _bytes_to(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), 10) as connected:
        connected.settimeout(0.05)
        yield connected


def _send(connected: socket.socket, data: bytes) -> bytes:
    """Send, and give what came back at once; a connection that was cut is an answer."""
    with suppress(OSError):
        connected.settimeout(5)
        connected.sendall(data)
        connected.settimeout(0.05)
        return connected.recv(65_536)
    return b""


def _frame(kind: int, flags: int, stream: int, payload: bytes, length: int | None = None) -> bytes:
    size = len(payload) if length is None else length
    return size.to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def _conversation() -> bytes:
    """A call as a library sends it, from the first byte on."""
    headers = hpack.Encoder().encode(
        [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", "/vstep.grading.v1.GradingService/SubmitJob"),
            (":authority", "127.0.0.1"),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
        ]
    )
    body = message(submission().SerializeToString())
    return PREFACE + _frame(4, 0, 0, b"") + _frame(1, 4, 1, headers) + _frame(0, 1, 1, body)


def random_bytes(port: int, random: Random) -> None:
    """Chance, alone and after the preface."""
    for before in (b"", PREFACE, PREFACE + _frame(4, 0, 0, b"")):
        with _bytes_to(port) as connected:
            _send(connected, before + random.randbytes(random.randrange(1, 2000)))


def other_protocols(port: int, random: Random) -> None:
    """HTTP/1.1, TLS, and words of other protocols."""
    for said in (
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /vstep.grading.v1.GradingService/GetJob HTTP/1.1\r\nHost: x\r\n"
        b"Content-Length: 5\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n12345",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * random.randrange(100, 5000),
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"*1\r\n$4\r\nPING\r\n",
        b"\x00\x00\x00\x08\x04\xd2\x16\x2f",
    ):
        with _bytes_to(port) as connected:
            _send(connected, said)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with _bytes_to(port) as connected, suppress(OSError):
        connected.settimeout(5)
        context.wrap_socket(connected).close()


def broken_conversations(port: int, random: Random) -> None:
    """A sound call that breaks off, has bits turned, or whose pieces come one by one."""
    sound = _conversation()
    for _ in range(4):
        with _bytes_to(port) as connected:
            _send(connected, sound[: random.randrange(1, len(sound))])
        turned = bytearray(sound)
        for _ in range(random.randrange(1, 6)):
            turned[random.randrange(len(PREFACE), len(turned))] ^= 1 << random.randrange(8)
        with _bytes_to(port) as connected:
            _send(connected, bytes(turned))
    with _bytes_to(port) as connected:
        for at in range(0, len(sound), 97):
            connected.sendall(sound[at : at + 97])


def odd_frames(port: int, random: Random) -> None:
    """Frames of every kind, in no order, with lengths that may lie."""
    for _ in range(4):
        frames = b"".join(
            _frame(
                random.randrange(0, 12),
                random.randrange(256),
                random.choice([0, 1, 2, 3, 2**31 - 1]),
                random.randbytes(random.randrange(0, 40)),
                random.choice([None, None, None, 0, 5, 2**24 - 1]),
            )
            for _ in range(random.randrange(1, 20))
        )
        with _bytes_to(port) as connected:
            _send(connected, PREFACE + _frame(4, 0, 0, b"") + frames)


def floods(port: int, random: Random) -> None:
    """Much of what is cheap to send: settings, pings, headers that don't end, calls taken back."""
    hello = PREFACE + _frame(4, 0, 0, b"")
    headers = hpack.Encoder().encode([(":method", "POST"), ("x-" + "a" * 50, "b" * 200)])
    never_ending = _frame(1, 0, 1, headers) + _frame(9, 0, 1, headers) * 500
    for flood in (_frame(4, 0, 0, b"") * 3000, _frame(6, 0, 0, b"12345678") * 3000, never_ending):
        with _bytes_to(port) as connected:
            _send(connected, hello + flood)
    with Connection(port) as connection:
        for _ in range(20):
            streams = [connection.call("GetJob", message(b""), end=False) for _ in range(50)]
            connection.reset(streams)


#: Calls that are wrong on the wire: what is sent, and what is said of it.
_WRONG: dict[str, Callable[[bytes], tuple[bytes, Headers, dict[str, str | bytes]]]] = {
    "nothing": lambda data: (data[:0], (), {}),
    "half a prefix": lambda data: (message(data)[:2], (), {}),
    "a length too long": lambda data: (message(data, length=len(data) + 9), (), {}),
    "a length too short": lambda data: (message(data, length=max(len(data) - 9, 0)), (), {}),
    "the longest length": lambda data: (message(data, length=2**32 - 1), (), {}),
    "compressed by nothing": lambda data: (message(data, 1), (), {}),
    "a flag that is none": lambda data: (message(data, 7), (), {}),
    "no gzip": lambda data: (message(data, 1), (("grpc-encoding", "gzip"),), {}),
    "an encoding that is none": lambda data: (message(data), (("grpc-encoding", "br"),), {}),
    "twice": lambda data: (message(data) * 2, (), {}),
    "a name that is no text": lambda data: (message(data), (), {":path": b"/\xff\xfe/\x00"}),
    "no name": lambda data: (message(data), (), {":path": ""}),
    "no such method": lambda data: (message(data), (), {":path": "/a/b"}),
    "a timeout that is none": lambda data: (message(data), (("grpc-timeout", "soon"),), {}),
    "the shortest timeout": lambda data: (message(data), (("grpc-timeout", "1n"),), {}),
    "another content": lambda data: (message(data), (), {"content-type": "text/html"}),
    "a verb": lambda data: (message(data), (), {":method": "GET"}),
    "metadata that is no text": lambda data: (
        message(data),
        (("authorization", b"Bearer \xff\xfe"), ("x-request-id", b"\xff\n\x01")),
        {},
    ),
    "binary metadata that is none": lambda data: (message(data), (("x-bin", "!!"),), {}),
    "much metadata": lambda data: (message(data), [(f"x-{n}", "y" * 100) for n in range(300)], {}),
    "much more metadata": lambda data: (message(data), (("x", "y" * 100_000),), {}),
    "a status": lambda data: (message(data), (("grpc-status", "13"),), {}),
}


def wrong_calls(port: int, random: Random) -> None:
    """Calls of a method that HTTP/2 can carry, and gRPC can't."""
    data = submission().SerializeToString()
    for name, make in _WRONG.items():
        method = random.choice(["SubmitJob", "GetJob", "WatchJob", "UploadAudio", "ListJobs"])
        body, headers, replaced = make(data)
        with Connection(port) as connection:
            answer = connection.answer(
                connection.call(method, body, headers=headers, replaced=replaced)
            )
        assert answer.end, (name, method)
        said = answer.headers.get("grpc-message", "")
        assert answer.status != _UNKNOWN, (name, method, answer)
        if answer.status == _INTERNAL:
            assert said.startswith(BY_CORE), (name, method, answer)
        assert "Traceback" not in said and ".py" not in said, (name, method, answer)


def a_bomb(port: int, random: Random) -> None:
    """A small message that would be 200 MB large."""
    bomb = gzip.compress(bytes(200 * 2**20), compresslevel=1)
    with Connection(port) as connection:
        answer = connection.answer(
            connection.call("SubmitJob", message(bomb, 1), headers=(("grpc-encoding", "gzip"),))
        )
    assert answer.status == 8, answer


def half_open(port: int, random: Random) -> None:
    """Calls that never come to their end, on connections that are then dropped."""
    with ExitStack() as stack:
        for _ in range(5):
            connection = stack.enter_context(Connection(port))
            for _ in range(40):
                method = random.choice(["SubmitJob", "WatchJobs", "UploadAudio", "GetJob"])
                body = random.choice([b"", b"\0\0", message(b"", length=100)])
                connection.call(method, body, end=False)


def deaf_readers(port: int, random: Random) -> None:
    """Callers who give the server no room to answer in, and go away."""
    no_room = _frame(4, 0, 0, (4).to_bytes(2, "big") + (0).to_bytes(4, "big"))
    sound = _conversation().replace(_frame(4, 0, 0, b""), no_room)
    with ExitStack() as stack:
        for _ in range(20):
            _send(stack.enter_context(_bytes_to(port)), sound)


def connections(port: int, random: Random, count: int, seconds: float = 60.0) -> int:
    """Open connections and drop them, some after a word; gives how many there were."""
    until = time.monotonic() + seconds
    hello = PREFACE + _frame(4, 0, 0, b"")
    for number in range(count):
        if time.monotonic() > until:
            return number
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 10) as connected:
            if number % 3 == 1:
                connected.sendall(hello)
            elif number % 3 == 2:
                connected.sendall(random.randbytes(20))
            if number % 2:
                # Dropped without a farewell, as by a router.
                connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    return count


ATTACKS: tuple[Attack, ...] = (
    random_bytes,
    other_protocols,
    broken_conversations,
    odd_frames,
    floods,
    wrong_calls,
    half_open,
    deaf_readers,
)
