"""What the camera wrote about a shot: the EXIF of TIFF-based files (ARW, DNG, NEF, CR2, TIFF) and of PNG.

LibRaw reads these tags too, but rawpy hands on neither the body's serial number nor fractions of a second.
"""

import struct
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from realdof.common.errors import InputError
from realdof.raw.tiff import Directory, Tiff

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST_CHUNKS = 10_000

_MODEL, _EXIF_DIRECTORY, _DNG_BODY_SERIAL = 0x0110, 0x8769, 0xC62F
_EXPOSURE_TIME, _F_NUMBER, _ISO, _FOCAL_LENGTH = 0x829A, 0x829D, 0x8827, 0x920A
_TIME, _SUBSECONDS, _BODY_SERIAL, _LENS = 0x9003, 0x9291, 0xA431, 0xA434
_ZERO_TIME = datetime(1970, 1, 1)
_MAKER_NOTE, _SONY_BLOCK, _SONY_SERIAL_AT, _SONY_SERIAL_LENGTH = 0x927C, 0x9050, 0x88, 6


@dataclass(frozen=True)
class Exif:
    """What a file says of the shot; ``None`` for what it does not say.

    Attributes
    ----------
    model, body_serial, lens
        Camera model, serial number of its body, name of the lens.
    time
        When the shutter opened, by the body's own clock.
    time_step
        Resolution of ``time`` in s: 1 without sub-seconds, 0.001 with three digits of them.
    exposure_time
        Shutter time in s.
    f_number
        Focal length over aperture diameter.
    iso
        Sensitivity.
    focal_length
        In mm.
    """

    model: str | None = None
    body_serial: str | None = None
    lens: str | None = None
    time: datetime | None = None
    time_step: float | None = None
    exposure_time: float | None = None
    f_number: float | None = None
    iso: float | None = None
    focal_length: float | None = None

    @property
    def clock(self) -> float | None:
        """``time`` in s since the beginning of 1970, by the body's own clock."""
        return None if self.time is None else (self.time - _ZERO_TIME).total_seconds()


def read_exif(path: Path) -> Exif:
    """Read the EXIF of a TIFF-based raw file, a TIFF or a PNG.

    The A7R IV leaves the standard serial number out; the one in its maker note is taken then.

    Returns
    -------
    Exif
        All ``None`` for a file of another kind (CR3, RAF, JPEG) or without EXIF.
        Damaged tags count as missing.

    Raises
    ------
    InputError
        The file is missing or cannot be read.
    """
    try:
        with path.open("rb") as file:
            return exif_of(Tiff(file, _tiff_start(file)))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; give a file that can be read") from error


def _tiff_start(file: BinaryIO) -> int:
    """Where the TIFF structure begins: at 0, or in a PNG's eXIf chunk (0 again where there is none)."""
    if file.read(len(_PNG_SIGNATURE)) != _PNG_SIGNATURE:
        return 0
    position = len(_PNG_SIGNATURE)
    for _ in range(_MOST_CHUNKS):
        file.seek(position)
        header = file.read(8)
        if len(header) < 8:
            break
        length, kind = struct.unpack(">I4s", header)
        if kind == b"eXIf":
            return position + 8
        position += 12 + length
    return 0


def exif_of(tiff: Tiff) -> Exif:
    """Read the EXIF of a TIFF structure that is open."""
    pointer = tiff.number(tiff.main, _EXIF_DIRECTORY)
    shot = tiff.directory(int(pointer)) if pointer is not None else {}
    time, time_step = _time(tiff.text(shot, _TIME), tiff.text(shot, _SUBSECONDS))
    serial = tiff.text(shot, _BODY_SERIAL) or tiff.text(tiff.main, _DNG_BODY_SERIAL) or _sony_serial(tiff, shot)
    return Exif(
        model=tiff.text(tiff.main, _MODEL),
        body_serial=serial,
        lens=tiff.text(shot, _LENS),
        time=time,
        time_step=time_step,
        exposure_time=tiff.number(shot, _EXPOSURE_TIME),
        f_number=tiff.number(shot, _F_NUMBER),
        iso=tiff.number(shot, _ISO),
        focal_length=tiff.number(shot, _FOCAL_LENGTH),
    )


def _time(text: str | None, subseconds: str | None) -> tuple[datetime | None, float | None]:
    try:
        time = datetime.strptime(text or "", "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None, None
    digits = (subseconds or "").strip()[:6]
    if not (digits.isascii() and digits.isdigit()):
        return time, 1.0
    return time + timedelta(microseconds=int(digits.ljust(6, "0"))), 10.0 ** -len(digits)


def _sony_serial(tiff: Tiff, shot: Directory) -> str | None:
    """The body's internal serial number, from the block 0x9050 of Sony's maker note.

    The block is enciphered by cubing each byte below 249 modulo 249.
    """
    _, _, offset = shot.get(_MAKER_NOTE, (0, 0, 0))
    if offset == 0:
        return None
    # The notes of a JPEG carry a 12-byte name before the directory, those of an ARW do not.
    named = tiff.bytes_at(offset, 5) == b"SONY "
    _, count, block = tiff.directory(offset + 12 * named).get(_SONY_BLOCK, (0, 0, 0))
    enciphered = tiff.bytes_at(block + _SONY_SERIAL_AT, _SONY_SERIAL_LENGTH)
    if count < _SONY_SERIAL_AT + _SONY_SERIAL_LENGTH or len(enciphered) < _SONY_SERIAL_LENGTH:
        return None
    plain = {pow(byte, 3, 249): byte for byte in range(249)}
    return bytes(plain.get(byte, byte) for byte in enciphered).hex()
