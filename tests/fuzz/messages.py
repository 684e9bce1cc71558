"""Messages of the contract as bytes: sound ones, ones at the border, broken ones."""

from typing import Any
from uuid import UUID

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from hypothesis import strategies as st

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_WIRE = {
    FieldDescriptor.TYPE_DOUBLE: _FIXED64,
    FieldDescriptor.TYPE_FIXED64: _FIXED64,
    FieldDescriptor.TYPE_SFIXED64: _FIXED64,
    FieldDescriptor.TYPE_FLOAT: _FIXED32,
    FieldDescriptor.TYPE_FIXED32: _FIXED32,
    FieldDescriptor.TYPE_SFIXED32: _FIXED32,
    FieldDescriptor.TYPE_STRING: _LENGTH,
    FieldDescriptor.TYPE_BYTES: _LENGTH,
    FieldDescriptor.TYPE_MESSAGE: _LENGTH,
}
#: How deep messages may lie in messages.
_DEPTH = 4
#: Of a field that may stand many times; more comes from ``_HUGE``.
_REPEATED = 4
_HUGE = 3000

Names = dict[str, list[str]]


def encode_varint(number: int) -> bytes:
    """A number as protobuf writes it; negative ones in two's complement."""
    number &= (1 << 64) - 1
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])


def encode(number: int, wire: int, value: bytes) -> bytes:
    """A field, its value already written."""
    key = encode_varint(number << 3 | wire)
    return key + (encode_varint(len(value)) if wire == _LENGTH else b"") + value


_INTEGERS = st.one_of(
    st.sampled_from([0, 1, 2, 3, -1, 2**31 - 1, 2**31, -(2**31), 2**63 - 1, -(2**63), 2**64 - 1]),
    st.integers(0, 1100),
)
_TEXTS = st.one_of(
    st.sampled_from(
        ["", " ", "\x00", "a\x00b", "\u200b", "x" * 129, "x" * 5_001, "ạ" * 20_001, "'; --", "%s%n"]
    ),
    st.text(max_size=40),
    st.uuids().map(str),
    st.uuids().map(lambda uuid: uuid.hex),
).map(str.encode)
#: No text: broken UTF-8, lone surrogates, chance.
_GARBAGE = st.one_of(
    st.sampled_from([b"\xff\xfe", b"\xc3(", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80"]),
    st.binary(max_size=60),
)
_UNKNOWN = st.builds(
    lambda number, content: encode(number, *content),
    st.integers(1, 2**29 - 1),
    st.one_of(
        st.tuples(st.just(_VARINT), _INTEGERS.map(encode_varint)),
        st.tuples(st.just(_FIXED64), st.binary(min_size=8, max_size=8)),
        st.tuples(st.just(_FIXED32), st.binary(min_size=4, max_size=4)),
        st.tuples(st.just(_LENGTH), st.binary(max_size=40)),
        # Groups: one that begins, one that ends without a beginning, and no wire type at all.
        st.tuples(st.sampled_from([3, 4, 6, 7]), st.just(b"")),
    ),
)


def messages(descriptor: Descriptor, known: Names) -> st.SearchStrategy[bytes]:
    """Messages of a kind. ``known`` are values of fields, by name, that lead somewhere."""
    sound = _message(descriptor, known, _DEPTH)
    return st.one_of(sound, sound, sound.flatmap(_mutated), st.binary(max_size=200))


@st.composite
def _mutated(draw: st.DrawFn, data: bytes) -> bytes:
    kind = draw(st.sampled_from(["cut", "flip", "twice", "insert"]))
    at = draw(st.integers(0, max(len(data) - 1, 0)))
    if kind == "cut":
        return data[:at]
    if kind == "flip" and data:
        return data[:at] + bytes([data[at] ^ draw(st.integers(1, 255))]) + data[at + 1 :]
    if kind == "twice":
        return data + data
    return data[:at] + draw(st.binary(min_size=1, max_size=8)) + data[at:]


@st.composite
def _message(draw: st.DrawFn, descriptor: Descriptor, known: Names, depth: int) -> bytes:
    parts: list[bytes] = []
    for field in descriptor.fields:
        if not draw(st.integers(0, 5)):  # left out, or one of a oneof that is set twice
            continue
        times = 1
        if field.is_repeated:
            times = draw(st.integers(0, _REPEATED))
            if not draw(st.integers(0, 40)):
                parts.append(_field(draw, field, known, depth) * _HUGE)
        parts += [_field(draw, field, known, depth) for _ in range(times)]
    if not draw(st.integers(0, 4)):
        parts.append(draw(_UNKNOWN))
    if not draw(st.integers(0, 8)):
        parts = draw(st.permutations(parts))
    return b"".join(parts)


def _field(draw: st.DrawFn, field: FieldDescriptor, known: Names, depth: int) -> bytes:
    wire = _WIRE.get(field.type, _VARINT)
    if not draw(st.integers(0, 25)):
        return draw(_UNKNOWN)  # in its place, and of another type
    return encode(field.number, wire, draw(_value(field, known, depth)))


def _value(field: FieldDescriptor, known: Names, depth: int) -> st.SearchStrategy[bytes]:
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        inner: Any = field.message_type
        return _message(inner, known, depth - 1) if depth else _GARBAGE
    if field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES):
        found = st.sampled_from(known.get(field.name) or [str(UUID(int=0))]).map(str.encode)
        return st.one_of(found, found, found, _TEXTS, _GARBAGE)
    wire = _WIRE.get(field.type, _VARINT)
    if wire == _FIXED64:
        return st.binary(min_size=8, max_size=8)
    if wire == _FIXED32:
        return st.binary(min_size=4, max_size=4)
    if field.enum_type is not None:
        numbers = st.sampled_from([value.number for value in field.enum_type.values])
        return st.one_of(numbers, numbers, _INTEGERS).map(encode_varint)
    return st.one_of(st.integers(0, 3), _INTEGERS).map(encode_varint)
