"""The server's certificate: checked when it is read, and replaced only by one that can be used."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from prometheus_client import REGISTRY

from grading.exceptions import SettingsError
from server.certificates import Certificates, TlsFiles
from server.tls import ServerTls
from tests.stack.authority import Authority, Pair

NAME = "grading.test"


@pytest.fixture
def pair(authority: Authority) -> Pair:
    return authority.issue(NAME)


@pytest.fixture
def files(pair: Pair, authority: Authority) -> TlsFiles:
    return TlsFiles(pair.certificate, pair.key, authority.file)


@pytest.fixture
def told() -> Iterator[list[Any]]:
    """What is logged."""
    with structlog.testing.capture_logs() as logged:
        yield logged


def _refused(files: TlsFiles) -> str:
    with pytest.raises(SettingsError) as refused:
        ServerTls(files)
    message = str(refused.value)
    assert "\n" not in message
    assert "PRIVATE" not in message
    return message


def test_what_belongs_together_is_read(files: TlsFiles, pair: Pair, authority: Authority) -> None:
    read = Certificates.read(files)
    assert (read.key, read.certificate) == pair.read()
    assert read.client_ca == authority.file.read_bytes()
    assert read.begins < datetime.now(UTC) < read.expires


@pytest.mark.parametrize(
    ("part", "variable"),
    [
        ("certificate", "GRADING_TLS_CERTIFICATE"),
        ("key", "GRADING_TLS_KEY"),
        ("client_ca", "GRADING_TLS_CLIENT_CA"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_by_its_variable(
    files: TlsFiles, tmp_path: Path, part: str, variable: str
) -> None:
    wrong = tmp_path / "wrong.pem"
    parts = {name: getattr(files, name) for name in ("certificate", "key", "client_ca")}
    changed = TlsFiles(**{**parts, part: wrong})
    assert _refused(changed) == f"{variable}: can't read {wrong}: No such file or directory"
    for content in (
        "",
        "not PEM",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ):
        wrong.write_text(content)
        assert _refused(changed).startswith(f"{variable}: must name a file ")


def test_a_folder_is_no_file(files: TlsFiles, tmp_path: Path) -> None:
    assert "Is a directory" in _refused(TlsFiles(tmp_path, files.key, None))


def test_a_key_of_another_certificate_is_refused(files: TlsFiles, authority: Authority) -> None:
    other = authority.issue(NAME)
    message = _refused(TlsFiles(files.certificate, other.key, None))
    assert message.startswith("GRADING_TLS_KEY: must name the key of the certificate")


def test_a_key_behind_a_password_is_refused(files: TlsFiles, tmp_path: Path) -> None:
    locked = tmp_path / "locked.key"
    key = load_pem_private_key(files.key.read_bytes(), password=None)
    locked.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"hunter2"))
    )
    assert "without a password" in _refused(TlsFiles(files.certificate, locked, None))


def test_a_pair_that_was_replaced_is_taken_once(
    files: TlsFiles, pair: Pair, authority: Authority, told: list[Any]
) -> None:
    tls = ServerTls(files)
    assert tls._take_fresh() is None
    other = authority.issue(NAME)
    pair.replace_with(other)
    tls.look()
    assert (tls.certificates.key, tls.certificates.certificate) == other.read()
    assert tls._take_fresh() is not None
    assert tls._take_fresh() is None
    tls.look()
    assert tls._take_fresh() is None
    assert [(each["event"], each["log_level"]) for each in told] == [("tls_certificate", "info")]


def test_between_the_two_files_of_a_pair_the_old_one_stays(
    files: TlsFiles, pair: Pair, authority: Authority, told: list[Any]
) -> None:
    tls = ServerTls(files)
    before, other = tls.certificates, authority.issue(NAME)
    pair.certificate.write_bytes(other.certificate.read_bytes())
    tls.look()
    assert tls.certificates is before
    assert tls._take_fresh() is None
    assert told == []  # this lasts but a moment
    pair.key.write_bytes(other.key.read_bytes())
    tls.look()
    assert tls._take_fresh() is not None
    assert [each["event"] for each in told] == ["tls_certificate"]


@pytest.mark.parametrize("damage", ["missing", "cut off"])
def test_files_that_stay_useless_are_told_of_once_and_the_old_pair_stays(
    files: TlsFiles, pair: Pair, damage: str, told: list[Any]
) -> None:
    tls = ServerTls(files)
    before, whole = tls.certificates, pair.certificate.read_bytes()
    if damage == "missing":
        pair.certificate.unlink()
    else:
        pair.certificate.write_bytes(whole[:100])
    for _ in range(5):
        tls.look()
    assert tls.certificates is before
    [line] = told
    assert (line["event"], line["log_level"]) == ("tls_files_not_used", "warning")
    assert line["error"].startswith("GRADING_TLS_CERTIFICATE: ")
    pair.certificate.write_bytes(whole)
    tls.look()
    assert tls._take_fresh() is not None


def test_a_folder_that_is_swapped_as_a_whole_is_noticed(
    authority: Authority, tmp_path: Path
) -> None:
    # As Kubernetes does it: a link is turned to another folder.
    for number in (1, 2):
        folder, issued = tmp_path / str(number), authority.issue(NAME)
        folder.mkdir()
        (folder / "tls.crt").write_bytes(issued.certificate.read_bytes())
        (folder / "tls.key").write_bytes(issued.key.read_bytes())
    shown = tmp_path / "shown"
    shown.symlink_to(tmp_path / "1")
    tls = ServerTls(TlsFiles(shown / "tls.crt", shown / "tls.key", None))
    (tmp_path / "next").symlink_to(tmp_path / "2")
    (tmp_path / "next").replace(shown)
    tls.look()
    assert tls.certificates.key == (tmp_path / "2" / "tls.key").read_bytes()


@pytest.mark.parametrize(
    ("left", "valid", "level"),
    [
        (timedelta(days=90), True, "info"),
        (timedelta(days=3), True, "warning"),
        (timedelta(days=-3), False, "warning"),
    ],
)
def test_it_is_told_when_the_certificate_expires(
    authority: Authority, left: timedelta, valid: bool, level: str, told: list[Any]
) -> None:
    expires = (datetime.now(UTC) + left).replace(microsecond=0)
    shown = authority.issue(NAME, expires=expires)
    tls = ServerTls(TlsFiles(shown.certificate, shown.key, None))
    tls.tell()
    [line] = told
    assert (line["event"], line["log_level"], line["valid"]) == ("tls_certificate", level, valid)
    assert datetime.fromisoformat(line["expires"]) == expires
    assert line["days_left"] in (left.days, left.days - 1)
    told_to_prometheus = REGISTRY.get_sample_value("vstep_tls_certificate_expiry_timestamp_seconds")
    assert told_to_prometheus == expires.timestamp()
