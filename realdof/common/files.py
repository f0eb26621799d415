"""Write files atomically, open and hash them, and locate the user's cache folder."""

import hashlib
import io
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import Any

import platformdirs

from realdof.common.errors import InputError
from realdof.common.plain import quoted
from realdof.common.temporary import remove_abandoned, temporary_name


def cache_folder() -> Path:
    """Return the user's cache folder: ``$IFAN_BENCH_CACHE`` if set, else the platform's default."""
    chosen = os.environ.get("IFAN_BENCH_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("ifan-bench"))


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``, and rename it to ``path`` when the block ends without an error.

    The file appears complete or not at all, even if the process is killed. The next process that writes to the folder
    removes the temporary files of killed ones.

    Raises
    ------
    InputError
        The folder cannot be written to, or the disk is full.
    """
    temporary = path.with_name(temporary_name(path.name))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(path.parent)
        # Unlike tempfile's files, this one has the permissions of the umask, so results can be shared like any file.
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}; give a folder that can be written to") from error
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        # On a disk that has become read-only the file stays; that error is already raised.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` as UTF-8, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` to ``path`` as indented JSON, atomically."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def inside(folder: Path, *names: str) -> Path:
    """Join names to a folder so that the result always lies in the folder.

    Parameters
    ----------
    names
        Names of a file or folder, one for each level.

    Raises
    ------
    InputError
        A name is empty, ``.`` or ``..``, or holds a separator or a null byte.
    """
    for name in names:
        if name in ("", ".", "..") or set(name) & set("/\\\0"):
            raise InputError(f"{quoted(name)} would lead out of {folder}; a name has no slash and is neither . nor ..")
    return folder.joinpath(*names)


def open_regular(path: Path, what: str = "a file") -> BufferedReader:
    """Open a regular file for reading; refuse pipes and devices, which could block or never end.

    Parameters
    ----------
    what
        What the file should be, as the end of the error message: "an image file".

    Raises
    ------
    InputError
        It does not exist, is a folder, a pipe or a device, or cannot be read.
    """
    try:
        # Non-blocking, because opening a pipe that nobody writes to would never return.
        file: BufferedReader = BufferedReader(_Told(path, what))
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; give {what}") from error
    except ValueError as error:
        raise InputError(f"{str(path)!r} is no name of a file; give {what}") from error
    except OSError as error:
        # Windows reports a folder as permission denied.
        found = "is a folder" if path.is_dir() else f"cannot be read ({error.strerror})"
        raise InputError(f"{path} {found}; give {what}") from error
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise InputError(f"{path} is a pipe or a device; give {what}")
    return file


class _Told(io.FileIO):
    """A file open for reading that raises `InputError` for read errors."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(path, "rb", opener=_opened_without_waiting)
        self._sentence = f"{path} cannot be read (%s); give {what}"

    def readinto(self, buffer: Any) -> Any:
        """Read into memory; raises `InputError`."""
        try:
            return super().readinto(buffer)
        except OSError as error:
            raise InputError(self._sentence % error.strerror) from error

    def readall(self) -> Any:
        """Read what is left; raises `InputError`."""
        try:
            return super().readall()
        except OSError as error:
            raise InputError(self._sentence % error.strerror) from error


def _opened_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a regular file as 64 hexadecimal digits; raises like `open_regular`."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
