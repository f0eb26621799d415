"""Stream a file from a server or a file URL to disk, with a size limit and a SHA-256 check."""

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit, urlunsplit
from urllib.request import url2pathname

import requests
from requests.exceptions import ChunkedEncodingError, ConnectionError, HTTPError, ProxyError, SSLError, Timeout

from realdof.common.errors import InputError
from realdof.common.files import atomic_path

Progress = Callable[[str, int, int | None], None]
"""Progress callback (file name, bytes done, bytes in total or None if the server does not say)."""

_BLOCK = 2**18
_SHOWN_DIGITS = 12
_FEWEST_DIGITS = 8


@dataclass(frozen=True)
class Connection:
    """Settings for connections to servers.

    Parameters
    ----------
    timeout
        Longest time that a server may stay silent, s.
    certificates
        File or folder of trusted certificates; None for those that the environment names, or else certifi's.
    proxy
        URL of a proxy; None for the one that the environment names.
    """

    timeout: float = 15.0
    certificates: str | None = None
    proxy: str | None = None

    def options(self) -> dict[str, Any]:
        """Return the arguments for a request."""
        return {
            "timeout": self.timeout,
            "verify": self.certificates or True,
            "proxies": {"http": self.proxy, "https": self.proxy} if self.proxy else None,
            # Some servers declare a .tar.gz as a gzip-encoded .tar, which requests would unpack.
            "headers": {"Accept-Encoding": "identity"},
        }


@dataclass(frozen=True)
class _Source:
    url: str
    size: int | None
    blocks: Iterator[bytes]


def download(
    url: str,
    path: Path,
    *,
    sha256: str,
    max_bytes: int,
    connection: Connection,
    progress: Progress | None = None,
) -> None:
    """Download a file to ``path``, which appears only once it is complete and checked.

    Parameters
    ----------
    url
        URL with the scheme http, https or file.
    sha256
        The file's SHA-256 in lower-case hexadecimal digits, or at least its first 8 digits.
    max_bytes
        Largest size; a larger file is refused.
    progress
        Called after each block.

    Raises
    ------
    InputError
        The file cannot be downloaded, is too long, or has another SHA-256; or ``path`` cannot be written.
    ValueError
        ``sha256`` is not such a number, or has too few digits to tell files apart.
    """
    if not re.fullmatch(f"[0-9a-f]{{{_FEWEST_DIGITS},64}}", sha256):
        raise ValueError(
            f"a SHA-256 has 64 small hexadecimal digits, its beginning at least {_FEWEST_DIGITS}, not {sha256!r}"
        )
    source = _open(url, connection)
    digest = hashlib.sha256()
    done = 0
    start = b""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        for block in _limited(source, max_bytes):
            start = start or block[:64]
            done += len(block)
            digest.update(block)
            file.write(block)
            if progress is not None:
                progress(path.name, done, source.size)
        found = digest.hexdigest()
        if not found.startswith(sha256):
            kind = "a web page" if start.lstrip().startswith(b"<") else "another file"
            begins, right = found[:_SHOWN_DIGITS], sha256[:_SHOWN_DIGITS]
            raise InputError(f"{shown(url)} gave {kind}: its SHA-256 begins {begins}, not {right}")


def read_page(url: str, connection: Connection, *, accept: str, max_bytes: int) -> tuple[bytes, str]:
    """Read a short document into memory.

    Parameters
    ----------
    accept
        The media types to request.

    Returns
    -------
    tuple
        Its bytes, and its URL after redirects.

    Raises
    ------
    InputError
        It cannot be downloaded, or is longer than ``max_bytes``.
    """
    source = _open(url, connection, accept)
    return b"".join(_limited(source, max_bytes)), source.url


def is_reachable(url: str, connection: Connection, seconds: float) -> bool:
    """Return whether a server has a file; decide within ``seconds`` even if the network does not answer."""
    answers: list[bool] = []

    def ask() -> None:
        try:
            # The timeout is among the options.
            response = requests.head(url, allow_redirects=True, **connection.options())  # nosec B113
        except OSError:
            return
        answers.append(response.ok)

    # The timeout of a socket covers neither the name server nor the sum over a host's addresses. A daemon thread can be
    # abandoned.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return any(answers)


def shown(url: str) -> str:
    """Return a URL without its user name and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _open(url: str, connection: Connection, accept: str = "*/*") -> _Source:
    parts = urlsplit(url)
    try:
        if parts.scheme == "file":
            path = Path(url2pathname(parts.path))
            file = path.open("rb")
            return _Source(url, path.stat().st_size, _blocks_of_file(url, file))
        if parts.scheme in ("http", "https"):
            options = connection.options()
            options["headers"] |= {"Accept": accept}
            # The timeout is among the options.
            response = requests.get(url, stream=True, **options)  # nosec B113
            response.raise_for_status()
            length = response.headers.get("Content-Length", "")
            size = int(length) if length.isdecimal() else None
            return _Source(response.url, size, _blocks_of_response(url, response))
    except OSError as error:
        raise InputError(f"{shown(url)} cannot be read: {reason(error)}") from error
    raise InputError(f"{shown(url)} cannot be read: only http, https and file URLs can be")


def _limited(source: _Source, max_bytes: int) -> Iterator[bytes]:
    done = 0
    for block in source.blocks:
        done += len(block)
        if max(done, source.size or 0) > max_bytes:
            raise InputError(f"{shown(source.url)} has over {max_bytes:,} bytes; it is not the right file")
        yield block


def _blocks_of_file(url: str, file: IO[bytes]) -> Iterator[bytes]:
    with file:
        yield from _readable(url, iter(lambda: file.read(_BLOCK), b""))


def _blocks_of_response(url: str, response: requests.Response) -> Iterator[bytes]:
    with response:
        yield from _readable(url, response.iter_content(_BLOCK))


def _readable(url: str, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Turn a source's OSError into an InputError, to distinguish a broken connection from a full disk."""
    try:
        yield from blocks
    except OSError as error:
        raise InputError(f"{shown(url)} broke off: {reason(error)}") from error


def reason(error: OSError) -> str:
    """Summarise why a source cannot be read, without the library's nested exceptions."""
    match error:
        case HTTPError(response=requests.Response() as response):
            return f"the server answers {response.status_code} {response.reason}"
        case SSLError():
            return "the server's certificate is not trusted"
        case ProxyError():
            return "the proxy does not answer"
        case Timeout():
            return "the server does not answer in time"
        case ConnectionError():
            return "no connection"
        case ChunkedEncodingError():
            return "the connection ended too early"
    return error.strerror or str(error)
