"""Files out of source distributions on a package index, without building, importing or unpacking any.

``pip download`` would run a source distribution's setup.py to learn its dependencies. Here the index's simple
page (PEP 503, PEP 691) is read, the archive is fetched against a pinned SHA-256, and single members are read.
The index is the one that pip is set up for.
"""

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from realdof.common.download import Connection, Progress, download, read_page, shown
from realdof.common.errors import InputError
from realdof.common.files import cache_folder, sha256_of

_DEFAULT_INDEX = "https://pypi.org/simple"
_ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.1"
_MAX_PAGE_BYTES = 32 * 2**20
_MAX_ARCHIVE_BYTES = 256 * 2**20
_PIP_SECONDS = 60
_PIP_SETTING = re.compile(r"(global|install|download)\.([a-z-]+)=(.+)")
_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def fetch_sdist(
    name: str,
    version: str,
    sha256: str,
    *,
    filename: str | None = None,
    max_bytes: int = _MAX_ARCHIVE_BYTES,
    progress: Progress | None = None,
) -> Path:
    """Fetch a source distribution into the cache, or find it there.

    Parameters
    ----------
    name, version
        Of the project.
    sha256
        Of the archive, 64 hexadecimal digits.
    filename
        Of the archive on the index; by default ``NAME-VERSION.tar.gz``, however the name is written there.
    max_bytes
        A longer archive is refused.
    progress
        Called as the archive arrives.

    Raises
    ------
    InputError
        No index that pip is set up for has this file, or it cannot be written to the cache.
    """
    path = cache_folder() / "sdists" / (filename or f"{name}-{version}.tar.gz")
    if path.is_file() and sha256_of(path) == sha256:
        return path
    settings = pip_settings()
    connection = connection_from(settings)
    problems = []
    for index in index_urls(settings):
        try:
            url = _archive_url(index, name, version, filename, connection)
            download(url, path, sha256=sha256, max_bytes=max_bytes, connection=connection, progress=progress)
        except InputError as error:
            problems.append(str(error))
        else:
            return path
    reasons = "; ".join(problems) or "pip is set up to use none (no-index)"
    raise InputError(f"{name} {version} cannot be fetched from a package index: {reasons}")


def read_member(archive: Path, member: str, max_bytes: int) -> bytes:
    """Read one regular file out of a tar archive, without writing anything to disk.

    Parameters
    ----------
    archive
        Compressed or not.
    member
        The full name inside the archive.
    max_bytes
        A longer member is refused before it is read.

    Raises
    ------
    InputError
        The archive is damaged, or the member is missing, too long, or a link, folder or device.
    """
    try:
        with tarfile.open(archive) as tar:
            # Up to the member, not to the end: getmember would unpack the whole archive.
            info = next((info for info in tar if info.name == member), None)
            if info is None:
                raise InputError(f"{archive} has no member {member}; it is not the archive that was expected")
            file = tar.extractfile(info) if info.isreg() else None
            if file is None:
                raise InputError(f"{member} in {archive} is a link or a folder; it must be a regular file")
            if info.size > max_bytes:
                raise InputError(f"{member} in {archive} has {info.size:,} bytes; at most {max_bytes:,} were expected")
            return file.read()
    except (tarfile.TarError, zlib.error, EOFError) as error:
        raise InputError(f"{archive} is no whole tar archive: {error}; delete it") from error
    except OSError as error:
        raise InputError(f"{archive} cannot be read: {error.strerror or error}") from error


def pip_settings() -> dict[str, str]:
    """What pip's configuration files and environment variables set, by the name of the long option.

    Raises
    ------
    InputError
        pip cannot read its own configuration.
    """
    variables = {
        name.removeprefix("PIP_").lower().replace("_", "-"): value
        for name, value in os.environ.items()
        if name.startswith("PIP_") and value
    }
    return _settings_in_files() | variables


def index_urls(settings: Mapping[str, str]) -> list[str]:
    """The package indexes to ask, in pip's order; none if pip is told to use none."""
    if settings.get("no-index", "").lower() in ("1", "true", "yes", "on", "y", "t"):
        return []
    return [settings.get("index-url", _DEFAULT_INDEX), *settings.get("extra-index-url", "").split()]


def connection_from(settings: Mapping[str, str]) -> Connection:
    """Reach servers as pip does: its certificates, proxy and timeout, or else the environment's."""
    # requests knows the first two variables, but not OpenSSL's own.
    certificates = (settings.get("cert"), *(os.environ.get(name) for name in _CERTIFICATES))
    try:
        timeout = float(settings.get("timeout") or settings.get("default-timeout") or Connection.timeout)
    except ValueError as error:
        raise InputError(f"pip's setting timeout is no number of seconds: {error}") from error
    return Connection(timeout, next(filter(None, certificates), None), settings.get("proxy"))


def _settings_in_files() -> dict[str, str]:
    # An environment made by another installer has no pip, hence no configuration of it but variables.
    if importlib.util.find_spec("pip") is None:
        return {}
    # -P: a file pip.py in the folder that the user is in must not be run.
    command = [sys.executable, "-P", "-m", "pip", "config", "list"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=_PIP_SECONDS, check=True)
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise InputError(f"pip cannot read its configuration: {reason}") from error
    except subprocess.TimeoutExpired as error:
        raise InputError(f"pip does not list its configuration within {_PIP_SECONDS} s") from error
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, "download": {}}
    for line in result.stdout.splitlines():
        if setting := _PIP_SETTING.fullmatch(line):
            section, name, value = setting.groups()
            found[section][name] = str(ast.literal_eval(value))
    return found["global"] | found["install"] | found["download"]


def _archive_url(index: str, name: str, version: str, filename: str | None, connection: Connection) -> str:
    page_url = f"{index.rstrip('/')}/{_normalised(name)}/"
    if urlsplit(index).scheme == "file":
        page_url += "index.html"
    page, address = read_page(page_url, connection, accept=_ACCEPT, max_bytes=_MAX_PAGE_BYTES)
    for found, link in _links(page, address).items():
        if found == filename or (filename is None and _is_sdist(found, name, version)):
            # A server must not make us read files of this machine.
            if urlsplit(link).scheme == "file" and urlsplit(index).scheme != "file":
                continue
            return link
    raise InputError(f"{shown(page_url)} lists no {filename or f'{name}-{version}.tar.gz'}")


def _normalised(name: str) -> str:
    """A project's name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_sdist(filename: str, name: str, version: str) -> bool:
    stem = filename.removesuffix(".tar.gz")
    return stem != filename and _normalised(stem) == _normalised(f"{name}-{version}")


def _links(page: bytes, address: str) -> dict[str, str]:
    """The files of a simple page, name to URL; the page is JSON (PEP 691) or HTML (PEP 503)."""
    if page.lstrip().startswith(b"{"):
        try:
            files = json.loads(page)["files"]
            return {str(file["filename"]): urljoin(address, str(file["url"])) for file in files}
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{shown(address)} is no page of a package index: {error}") from error
    anchors = _Anchors(address)
    anchors.feed(page.decode("utf-8", errors="replace"))
    return {unquote(urlsplit(url).path.rpartition("/")[2]): url for url in anchors.urls}


class _Anchors(HTMLParser):
    """Collects where the anchors of a page lead to."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.base = address
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        target = dict(attrs).get("href")
        if target is None:
            return
        if tag == "base":
            self.base = urljoin(self.base, target)
        elif tag == "a":
            self.urls.append(urljoin(self.base, target))
