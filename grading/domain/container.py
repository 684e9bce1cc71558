"""Which format a recording is of, by its first bytes, and whether its last ones are there.

A demuxer that is chosen by the bytes alone opens none of the formats that name other
files or addresses, such as playlists.
"""

from enum import StrEnum


class Container(StrEnum):
    """The formats that are accepted, by FFmpeg's names of their demuxers."""

    WAV = "wav"
    FLAC = "flac"
    MP3 = "mp3"
    OGG = "ogg"
    WEBM = "matroska"
    MP4 = "mov"
    ADTS = "aac"


#: How many bytes ``container_of`` has to see.
HEAD = 12
_OGG_HEADER = 27
#: Heads of an MP3 that tell its length; without one, FFmpeg guesses.
_MP3_LENGTHS = (b"Xing", b"Info", b"VBRI")
#: Where such a head ends at the latest after an ID3 tag.
_MP3_HEAD = 4096
#: Sizes of a WAV whose recorder never came back to fill them in.
_UNKNOWN_SIZES = frozenset({0, 0xFFFFFFFF, 0x7FFFFFFF})


def container_of(head: bytes) -> Container | None:
    """The format of a file that begins with ``head``; None for one that is not accepted."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return Container.WAV
    if head[4:8] == b"ftyp":
        return Container.MP4
    by_mark = {
        b"fLaC": Container.FLAC,
        b"OggS": Container.OGG,
        b"\x1a\x45\xdf\xa3": Container.WEBM,
    }
    if found := by_mark.get(head[:4]):
        return found
    if head[:3] == b"ID3":
        return Container.MP3
    if len(head) > 1 and head[0] == 0xFF:
        return _mpeg_audio(head[1])
    return None


def _mpeg_audio(second: int) -> Container | None:
    """Which MPEG audio begins with 0xFF and this byte."""
    if second & 0xF6 == 0xF0:
        return Container.ADTS
    # Layers II and III. Of layer I, which nobody records in, would also be the mark of a
    # text in UTF-16.
    return Container.MP3 if second & 0xE0 == 0xE0 and second & 0x06 in (0x02, 0x04) else None


def tells_its_length(container: Container, content: bytes) -> bool:
    """Tell whether the length that a demuxer gives is the file's own word, and no guess."""
    if container is Container.MP3:
        start = 0
        if content[:3] == b"ID3" and len(content) > 10:
            # Four bytes of seven bits each.
            size = 0
            for byte in content[6:10]:
                size = size << 7 | byte & 0x7F
            start = 10 + size
        return any(mark in content[start : start + _MP3_HEAD] for mark in _MP3_LENGTHS)
    return container is not Container.ADTS


def breaks_off(container: Container, content: bytes) -> bool:
    """Tell whether the file ends inside a part that says how long it is."""
    if container is Container.OGG:
        return _ends_within_a_page(content)
    return container is Container.WAV and _ends_within_its_data(content)


def _ends_within_its_data(content: bytes) -> bool:
    """Whether a WAV has less than its data chunk tells of."""
    at = 12
    while at + 8 <= len(content):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        if content[at : at + 4] == b"data":
            return size not in _UNKNOWN_SIZES and at + 8 + size > len(content) + 1
        # Chunks begin at even places.
        at += 8 + size + size % 2
    return True


def _ends_within_a_page(content: bytes) -> bool:
    """Whether an Ogg file breaks off inside one of its pages (RFC 3533, section 6)."""
    at = 0
    while at < len(content):
        header = content[at : at + _OGG_HEADER]
        if len(header) < _OGG_HEADER or header[:4] != b"OggS":
            return True
        segments = content[at + _OGG_HEADER : at + _OGG_HEADER + header[26]]
        if len(segments) < header[26]:
            return True
        at += _OGG_HEADER + len(segments) + sum(segments)
    return at > len(content)
