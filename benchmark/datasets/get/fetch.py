"""Download a large archive from one of several mirrors, and resume after a broken connection.

pooch is not used, because it cannot resume. huggingface_hub is used only to look up a file on the hub (``hub.py``).
"""

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import requests

from benchmark.datasets.card import Archive
from benchmark.datasets.get.hub import PASSING, Located, locate
from benchmark.datasets.get.start import Start, Starting, Watch, nobody
from realdof.common.download import Connection, Progress, reason, shown
from realdof.common.errors import InputError
from realdof.common.files import sha256_of, write_json
from realdof.common.processes.locks import Locked, locked

PAUSE = 1.0
"""Seconds before the second try without progress; the pause doubles with each further try."""
IDLE_TRIES = 4
"""Number of connections in a row without progress after which a mirror is given up."""
ALL_TRIES = 200
"""Number of connections after which a mirror is given up, even if each made some progress."""

# A broken connection loses the block being received, so blocks are small.
_BLOCK = 2**14
_PERMANENT = (
    requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL, requests.exceptions.MissingSchema,
    requests.exceptions.SSLError,
)  # fmt: skip
"""Errors after which a retry cannot help; a refused or silent connection is retried."""
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")


class _BrokenOff(Exception):
    """The connection ended too early; what arrived is kept."""


@dataclass(frozen=True)
class _State:
    """Which file a partial download belongs to; sent as ``If-Range``, so that two files are never mixed.

    ``url`` is the mirror's address before redirects.
    """

    url: str
    validator: str | None
    total: int | None


def fetch(
    archive: Archive,
    folder: Path,
    connection: Connection,
    check: Callable[[Path], None],
    progress: Progress | None = None,
    starting: Starting = nobody,
) -> Path:
    """Download an archive, or find it in ``folder``; an interrupted download is resumed.

    Parameters
    ----------
    check
        Raises `InputError` if the complete file is the wrong one; the next mirror is tried then.
    progress
        Called for each block received.
    starting
        Called with the size and the free space, once for each mirror that answers, before anything is written.

    Raises
    ------
    InputError
        No mirror has the archive, or the folder cannot be written to or has too little space.
    """
    path = folder / archive.name
    if path.is_file():
        check(path)
        return path
    part = _Part(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        problems = []
        with part.locked():
            # Try the mirror of the partial file first: only there can the download resume.
            for url in sorted(archive.mirrors, key=lambda url: url != part.state.url):
                try:
                    located = locate(url, connection.timeout, PAUSE)
                    watch = Watch(progress, starting)
                    _fetch_from(url, located, part, archive.limits.bytes, connection, watch)
                    part.check(url, partial(_check_promise, located))
                    part.check(url, check)
                except InputError as error:
                    problems.append(str(error))
                else:
                    return part.finished()
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
    raise InputError(
        f"{archive.name} cannot be fetched: {'; '.join(problems) or 'it has no mirror'}; "
        "download it with a browser and give --from FILE"
    )


class _Part:
    """The partial file beside ``path`` and its `_State`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path.with_name(f"{path.name}.part")
        self._state = path.with_name(f"{path.name}.part.json")
        self._lock = path.with_name(f"{path.name}.part.lock")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the partial file against other processes; the lock ends with this process, even if it is killed."""
        try:
            with locked(self._lock, wait=False):
                self.file.touch()
                yield
                if self.size == 0:
                    self.file.unlink(missing_ok=True)
                    self._state.unlink(missing_ok=True)
        except Locked as error:
            raise InputError(f"another process is fetching {self.path}; wait for it") from error
        self._lock.unlink(missing_ok=True)

    @property
    def size(self) -> int:
        return self.file.stat().st_size if self.file.is_file() else 0

    @property
    def state(self) -> _State:
        try:
            return _State(**json.loads(self._state.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, RecursionError):
            # Without its state the partial file is useless, so the download starts again.
            return _State("", None, None)

    def begin(self, state: _State) -> None:
        # Truncate the file rather than remove it, because it is locked.
        with self.file.open("wb"):
            write_json(self._state, asdict(state))

    def check(self, url: str, check: Callable[[Path], None]) -> None:
        try:
            check(self.file)
        except InputError as error:
            self.begin(_State("", None, None))
            raise InputError(f"{shown(url)} gave {error}") from error

    def finished(self) -> Path:
        self.file.replace(self.path)
        self._state.unlink(missing_ok=True)
        return self.path


def _check_promise(located: Located, path: Path) -> None:
    """Refuse a file whose size or SHA-256 is not the one that the hub gives."""
    if located.bytes is not None and path.stat().st_size != located.bytes:
        raise InputError(f"{path.stat().st_size:,} bytes, not the {located.bytes:,} that the hub tells")
    if located.sha256 is not None and (found := sha256_of(path)) != located.sha256:
        raise InputError(f"a file whose SHA-256 begins {found[:12]}, not {located.sha256[:12]} as the hub tells")


def _fetch_from(url: str, located: Located, part: _Part, max_bytes: int, connection: Connection, watch: Watch) -> None:
    idle = 0
    farthest = part.size
    for _ in range(ALL_TRIES):
        try:
            _go_on(url, located, part, max_bytes, connection, watch)
        except _BrokenOff as error:
            problem = str(error)
        else:
            return
        # A server that restarts the download each time makes no progress, however much it sends.
        idle = 0 if part.size > farthest else idle + 1
        farthest = max(farthest, part.size)
        if idle == IDLE_TRIES:
            break
        time.sleep(PAUSE * 2 ** (idle - 1) if idle else 0)
    raise InputError(f"{shown(url)} {problem}")


def _go_on(url: str, located: Located, part: _Part, max_bytes: int, connection: Connection, watch: Watch) -> None:
    """Request the rest of the file over one connection and append what arrives."""
    state = part.state
    offset = part.size if state.url == url and state.validator else 0
    if offset and offset == state.total:
        return
    options = connection.options()
    options["headers"] = located.headers | options["headers"]
    if offset and state.validator:
        options["headers"] |= {"Range": f"bytes={offset}-", "If-Range": state.validator}
    try:
        # The options include the timeout.
        response = requests.get(located.url, stream=True, **options)  # nosec B113
    except OSError as error:
        if isinstance(error, _PERMANENT):
            raise InputError(f"{shown(url)} cannot be read: {reason(error)}") from error
        raise _BrokenOff(f"cannot be read: {reason(error)}") from error
    with response:
        found = _checked(response, url, part, offset, state)
        if found.total is not None and found.total > max_bytes:
            raise InputError(f"{shown(url)} has {found.total:,} bytes, at most {max_bytes:,} were expected")
        if response.status_code != 206:
            offset = 0
            part.begin(found)
        watch.start(Start(part.path.name, shown(url), offset, found.total, part.file.parent, _free(part.file.parent)))
        _check_space(part.file.parent, (found.total or 0) - offset)
        _append(response, url, part, max_bytes, found.total, watch.progress)
    if found.total is not None and part.size < found.total:
        raise _BrokenOff(f"broke off after {part.size:,} of {found.total:,} bytes")


def _checked(response: requests.Response, url: str, part: _Part, offset: int, state: _State) -> _State:
    """Check the response's status and headers; return the state of the file that they describe."""
    if response.status_code == 416:
        part.begin(_State("", None, None))
        raise _BrokenOff("has no such part of the file any more")
    if response.status_code in PASSING:
        raise _BrokenOff(f"answers {response.status_code} {response.reason}")
    if not response.ok:
        raise InputError(f"{shown(url)} cannot be read: the server answers {response.status_code} {response.reason}")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise InputError(f"{shown(url)} sends the archive in another encoding than was asked for")
    if response.headers.get("Content-Type", "").lower().startswith(("text/html", "application/xhtml")):
        raise _web_page(url)
    if response.status_code == 206:
        matched = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if matched is None or int(matched[1]) != offset or int(matched[2]) != state.total:
            part.begin(_State("", None, None))
            raise _BrokenOff("sent another part of the file than was asked for")
        return state
    length = response.headers.get("Content-Length", "")
    tag = response.headers.get("ETag", "")
    # A weak ETag does not guarantee the same bytes.
    validator = response.headers.get("Last-Modified") if tag.startswith("W/") or not tag else tag
    return _State(url, validator, int(length) if length.isdecimal() else None)


def _append(
    response: requests.Response, url: str, part: _Part, max_bytes: int, total: int | None, progress: Progress | None
) -> None:
    with part.file.open("ab") as file:
        done = part.size
        for block in _received(response):
            if done == 0 and block.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
                raise _web_page(url)
            done += len(block)
            if done > max_bytes:
                raise InputError(f"{shown(url)} has over {max_bytes:,} bytes; it is not the right file")
            file.write(block)
            if progress is not None:
                progress(part.path.name, done, total)


def _received(response: requests.Response) -> Iterator[bytes]:
    """Yield the blocks received; a broken connection raises `_BrokenOff`, since a full disk raises OSError too."""
    try:
        yield from response.iter_content(_BLOCK)
    except OSError as error:
        raise _BrokenOff(f"broke off: {reason(error)}") from error


def _web_page(url: str) -> InputError:
    return InputError(f"{shown(url)} gave a web page, not an archive")


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _check_space(folder: Path, needed: int) -> None:
    free = _free(folder)
    if needed > free:
        raise InputError(f"{folder} has {free:,} bytes free, {needed:,} more are needed; make room")
