"""A download is the file that was asked for, or none."""

import hashlib
from pathlib import Path

import pytest
import requests

from realdof.common.download import Connection, download, reason
from realdof.common.errors import InputError

CONTENT = b"weights"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def fetch(tmp_path: Path, sha256: str) -> bytes:
    (tmp_path / "source").write_bytes(CONTENT)
    url = (tmp_path / "source").as_uri()
    download(url, tmp_path / "copy", sha256=sha256, max_bytes=100, connection=Connection())
    return (tmp_path / "copy").read_bytes()


@pytest.mark.parametrize("sha256", [DIGEST, DIGEST[:8]])
def test_the_whole_hash_or_its_beginning_lets_a_file_pass(tmp_path: Path, sha256: str) -> None:
    assert fetch(tmp_path, sha256) == CONTENT


@pytest.mark.parametrize("sha256", ["", DIGEST[:1], DIGEST[:7], DIGEST.upper(), f"{DIGEST}0", "z" * 64])
def test_what_any_file_might_match_is_not_taken_for_a_hash(tmp_path: Path, sha256: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        fetch(tmp_path, sha256)
    assert not (tmp_path / "copy").exists()


def test_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gave another file"):
        fetch(tmp_path, "0" * 64)
    assert not (tmp_path / "copy").exists()


def test_addresses_of_other_kinds_are_refused_without_their_password(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^ftp://host/x cannot be read: only http, https and file URLs can be$"):
        download("ftp://me:secret@host/x", tmp_path / "x", sha256=DIGEST, max_bytes=100, connection=Connection())


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (requests.exceptions.SSLError("x" * 500), "the server's certificate is not trusted"),
        (requests.exceptions.ProxyError("x" * 500), "the proxy does not answer"),
        (requests.exceptions.ReadTimeout("x" * 500), "the server does not answer in time"),
        (requests.exceptions.ConnectionError("x" * 500), "no connection"),
        (requests.exceptions.ChunkedEncodingError("x" * 500), "the connection ended too early"),
    ],
)
def test_why_a_server_gives_nothing_is_told_in_a_few_words(error: OSError, said: str) -> None:
    assert reason(error) == said
