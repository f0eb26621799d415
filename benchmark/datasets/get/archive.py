"""Safe unpacking of untrusted archives: only plain files are written, and only inside the target folder."""

import lzma
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from realdof.common.errors import InputError
from realdof.common.files import open_regular
from realdof.common.plain import quoted

_BLOCK = 2**20
_ZIP_START, _EMPTY_ZIP_START = b"PK\3\4", b"PK\5\6"
_JUNK = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|Thumbs\.db$|desktop\.ini$|\._)")
_LONGEST_NAME = 240
_ENCRYPTED = 0x1
_DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, NotImplementedError,
    # Names that are said to be UTF-8 and are not.
    UnicodeDecodeError,
)  # fmt: skip


class DamagedArchive(InputError):
    """The archive is damaged or incomplete; downloading it again may help."""


@dataclass(frozen=True)
class Limits:
    """Largest unpacked size in bytes and number of members; an archive that exceeds them is refused."""

    bytes: int
    files: int


@dataclass(frozen=True)
class _Member:
    name: str
    size: int
    kind: str | None
    """None for a plain file or a folder, else what it is."""
    is_folder: bool
    open: Callable[[], IO[bytes]]


def unpack(
    archive: Path, folder: Path, limits: Limits, report: Callable[[int, int | None], None] = lambda done, total: None
) -> int:
    """Unpack a zip or tar archive (plain, gz, bz2 or xz) into an existing, empty folder.

    Files that operating systems add (``__MACOSX``, ``.DS_Store`` ...) are left out.

    Parameters
    ----------
    report
        Progress callback (bytes written, bytes in all); the total is None if the archive does not give it.

    Returns
    -------
    int
        How many files were written.

    Raises
    ------
    InputError
        The archive is damaged or encrypted, exceeds the limits or the free space, or holds a link, a device, a name
        twice, or a name that leads out of the folder. What was written until then stays: the caller removes it.
    """
    try:
        if _is_zip(archive):
            with zipfile.ZipFile(archive) as opened:
                # A zip lists its members, so that a bomb is refused before its first byte is written.
                listed = [_zip_member(opened, info) for info in opened.infolist()]
                total = sum(member.size for member in listed)
                _check_space(archive, folder, total)
                return _write(archive, listed, folder, limits, total, report)
        with tarfile.open(archive) as tar:
            return _write(archive, (_tar_member(tar, info) for info in tar), folder, limits, None, report)
    except _DAMAGE as error:
        reason = _first_line(error)
        raise DamagedArchive(f"{archive} is no whole zip or tar archive ({reason}); fetch it again") from error
    except OSError as error:
        raise InputError(f"{archive} cannot be unpacked into {folder}: {error.strerror or error}") from error


def check_whole(archive: Path) -> None:
    """Raise `DamagedArchive` if a file is not a zip or tar archive, or is a truncated zip archive."""
    try:
        if _is_zip(archive):
            zipfile.ZipFile(archive).close()
        else:
            tarfile.open(archive).close()
    except _DAMAGE as error:
        raise DamagedArchive(f"{archive.name}, which is no whole zip or tar archive ({_first_line(error)})") from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(" :")


def _is_zip(archive: Path) -> bool:
    with open_regular(archive, "a zip or tar archive") as file:
        return file.read(4) in (_ZIP_START, _EMPTY_ZIP_START)


def _write(
    archive: Path,
    members: Iterable[_Member],
    folder: Path,
    limits: Limits,
    total: int | None,
    report: Callable[[int, int | None], None],
) -> int:
    if total is not None and total > limits.bytes:
        raise _too_much(archive, limits)
    seen: set[str] = set()
    done = written = 0
    for count, member in enumerate(members, 1):
        if count > limits.files:
            raise InputError(f"{archive} holds over {limits.files:,} files; it is not the right archive")
        path = folder / _safe_name(archive, member)
        if _JUNK.search(member.name):
            continue
        if member.is_folder:
            path.mkdir(parents=True, exist_ok=True)
            continue
        # Two names that differ by case are one file on some systems.
        key = path.as_posix().casefold()
        if key in seen:
            raise InputError(f"{archive} holds {quoted(member.name)} twice")
        seen.add(key)
        if done + member.size > limits.bytes:
            raise _too_much(archive, limits)
        if total is None:
            _check_space(archive, folder, member.size)
        path.parent.mkdir(parents=True, exist_ok=True)
        with member.open() as source, path.open("xb") as file:
            while block := source.read(_BLOCK):
                done += len(block)
                if done > limits.bytes:
                    raise _too_much(archive, limits)
                file.write(block)
                report(done, total)
        written += 1
    if not written:
        raise InputError(f"{archive} holds no files")
    return written


def _zip_member(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Member:
    kind = stat.S_IFMT(info.external_attr >> 16)
    odd = None if kind in (0, stat.S_IFREG, stat.S_IFDIR) else "a link or a device"
    if info.flag_bits & _ENCRYPTED:
        odd = "an encrypted file"
    # orig_filename, because the library has already rewritten suspicious characters in filename.
    return _Member(info.orig_filename, info.file_size, odd, info.filename.endswith("/"), lambda: opened.open(info))


def _tar_member(tar: tarfile.TarFile, info: tarfile.TarInfo) -> _Member:
    plain = (info.isreg() and not info.issparse()) or info.isdir()

    def opened() -> IO[bytes]:
        file = tar.extractfile(info)
        if file is None:
            raise tarfile.ReadError(f"{quoted(info.name)} has no content")
        return file

    return _Member(info.name, info.size, None if plain else "a link or a device", info.isdir(), opened)


def _safe_name(archive: Path, member: _Member) -> PurePosixPath:
    name = member.name
    if member.kind is not None:
        raise InputError(f"{archive} holds {member.kind}, {quoted(name)}; only plain files are unpacked")
    path = PurePosixPath(name)
    unsafe = not path.parts or path.is_absolute() or ".." in path.parts or re.search(r'[\\:*?"<>|\x00-\x1f]', name)
    if unsafe or len(name) > _LONGEST_NAME:
        raise InputError(f"{archive} holds {quoted(name)}, a name that leads elsewhere or is no file name")
    return path


def _check_space(archive: Path, folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(f"{archive} needs {needed:,} bytes in {folder}, {free:,} are free; make room or give --root")


def _too_much(archive: Path, limits: Limits) -> InputError:
    return InputError(f"{archive} would unpack to over {limits.bytes:,} bytes; it is not the right archive")
