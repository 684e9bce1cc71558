"""Which format a file is of, by its first bytes."""

import pytest

from grading.domain.container import HEAD, Container, container_of
from tests.unit.speaking.conftest import samples
from tests.unit.speaking.encoding import FORMATS, Format, encode

CONTAINERS = {
    "wav": Container.WAV,
    "flac": Container.FLAC,
    "mp3": Container.MP3,
    "ogg": Container.OGG,
    "webm": Container.WEBM,
    "mp4": Container.MP4,
}


@pytest.mark.parametrize("made", FORMATS, ids=lambda item: item.name)
def test_every_format_is_told(made: Format) -> None:
    content = encode(samples(0.2), made)
    assert container_of(content[:HEAD]) is CONTAINERS[made.container]
    assert container_of(content[: HEAD - 1]) in {CONTAINERS[made.container], None}


@pytest.mark.parametrize(
    ("head", "container"),
    [
        (b"ID3\x04\x00\x00\x00\x00\x00\x00\x00\x00", Container.MP3),
        (b"\xff\xfb\x90\x00", Container.MP3),
        (b"\xff\xf3\x40\x00", Container.MP3),
        (b"\xff\xe3\x18\x00", Container.MP3),
        (b"\xff\xfd\x90\x00", Container.MP3),
        (b"\xff\xf1\x50\x80", Container.ADTS),
        (b"\xff\xf9\x50\x80", Container.ADTS),
        (b"\x00\x00\x00\x18ftypM4A ", Container.MP4),
        (b"RIFF\xff\xff\xff\xffWAVE", Container.WAV),
    ],
)
def test_so_is_what_other_recorders_write(head: bytes, container: Container) -> None:
    assert container_of(head) is container


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff",
        bytes(12),
        b"I am a text.",
        "Ein Text".encode("utf-16"),
        b"\xfe\xff\x00T\x00e\x00x\x00t",
        b"\xef\xbb\xbfText in UTF-8",
        b"<!doctype ht",
        b"<?xml versio",
        b'{"audio": 1}',
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\r",
        b"\xff\xd8\xff\xe0\x00\x10JFIF",
        b"GIF89a\x01\x00\x01\x00",
        b"PK\x03\x04\x14\x00\x00\x00\x08\x00",
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
        b"%PDF-1.7\n",
        b"\x7fELF\x02\x01\x01\x00",
        b"MZ\x90\x00\x03\x00\x00\x00",
        b"RIFF\x24\x00\x00\x00AVI ",
        b"RIFF\x24\x00\x00\x00WEBP",
        b"RIFX\x24\x00\x00\x00WAVE",
        b"FORM\x00\x00\x00\x24AIFF",
        b"caff\x00\x01\x00\x00desc",
        b"#!AMR\n\x3c\x91",
        b"MThd\x00\x00\x00\x06",
        b"#EXTM3U\n#EXT",
        b"ffconcat ver",
        b"[playlist]\nF",
    ],
)
def test_anything_else_is_not_accepted(head: bytes) -> None:
    assert container_of(head) is None
