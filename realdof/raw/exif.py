"""Read the EXIF of a shot from TIFF-based files (ARW, DNG, NEF, CR2, ORF, TIFF), CR3, RAF and PNG.

LibRaw reads these tags too, but rawpy exposes neither the body's serial number nor fractions of a second.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from realdof.common.errors import InputError
from realdof.common.files import open_regular
from realdof.raw.cameras import SONY_SERIALS
from realdof.raw.containers import Metadata, find_metadata

_MODEL, _DNG_BODY_SERIAL = 0x0110, 0xC62F
_EXPOSURE_TIME, _F_NUMBER, _ISO, _FOCAL_LENGTH = 0x829A, 0x829D, 0x8827, 0x920A
_TIME, _SUBSECONDS, _BODY_SERIAL, _LENS = 0x9003, 0x9291, 0xA431, 0xA434
_ZERO_TIME = datetime(1970, 1, 1)
_MAKER_NOTE, _SONY_BLOCK = 0x927C, 0x9050


@dataclass(frozen=True)
class Exif:
    """The EXIF of a shot; ``None`` for each value that the file lacks.

    Attributes
    ----------
    model, body_serial, lens
        Camera model, serial number of the body, name of the lens.
    time
        Time when the shutter opened, by the body's own clock.
    time_step
        Resolution of ``time``, s: 1 without sub-seconds, 0.001 with three digits of them.
    exposure_time
        Shutter time, s.
    f_number
        Focal length over aperture diameter.
    iso
        ISO sensitivity.
    focal_length
        Focal length, mm.
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
        """``time`` in seconds since the beginning of 1970, by the body's own clock."""
        return None if self.time is None else (self.time - _ZERO_TIME).total_seconds()


def read_exif(path: Path) -> Exif:
    """Read the EXIF of a raw file, a TIFF or a PNG.

    The A7R IV omits the standard serial number, so the one in its maker note is used.

    Returns
    -------
    Exif
        All values are ``None`` for a file of another format (JPEG) or without EXIF.
        Damaged tags count as missing.

    Raises
    ------
    InputError
        The file is missing or cannot be read.
    """
    try:
        with open_regular(path) as file:
            return exif_of(find_metadata(file))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; give a file that can be read") from error


def exif_of(found: Metadata) -> Exif:
    """Read the EXIF of a file's metadata."""
    main, shot = found.main, found.shot
    time, time_step = _time(_words(found, _TIME), _words(found, _SUBSECONDS))
    model = main.text(main.main, _MODEL)
    serial = found.shot_in.text(shot, _BODY_SERIAL) or main.text(main.main, _DNG_BODY_SERIAL)
    return Exif(
        model=model,
        body_serial=serial or _sony_serial(found, model),
        lens=_words(found, _LENS),
        time=time,
        time_step=time_step,
        exposure_time=_number(found, _EXPOSURE_TIME),
        f_number=_number(found, _F_NUMBER),
        iso=_number(found, _ISO),
        focal_length=_number(found, _FOCAL_LENGTH),
    )


def _number(found: Metadata, tag: int) -> float | None:
    """Read a number from the EXIF directory, or from the main directory, as in TIFF/EP."""
    value = found.shot_in.number(found.shot, tag)
    return found.main.number(found.main.main, tag) if value is None else value


def _words(found: Metadata, tag: int) -> str | None:
    """Read a text from the EXIF directory, or from the main directory, as in TIFF/EP."""
    return found.shot_in.text(found.shot, tag) or found.main.text(found.main.main, tag)


def _time(text: str | None, subseconds: str | None) -> tuple[datetime | None, float | None]:
    try:
        time = datetime.strptime(text or "", "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None, None
    digits = (subseconds or "").strip()[:6]
    if not (digits.isascii() and digits.isdigit()):
        return time, 1.0
    return time + timedelta(microseconds=int(digits.ljust(6, "0"))), 10.0 ** -len(digits)


def _sony_serial(found: Metadata, model: str | None) -> str | None:
    """Read the body's internal serial number from block 0x9050 of Sony's maker note.

    The block is enciphered by cubing each byte below 249 modulo 249; its layout depends on the model.
    """
    tiff, place = found.shot_in, SONY_SERIALS.get(model or "")
    _, _, offset = found.shot.get(_MAKER_NOTE, (0, 0, 0))
    if offset == 0 or place is None:
        return None
    # In a JPEG, a 12-byte name precedes the maker note's directory; in an ARW it does not.
    named = tiff.bytes_at(offset, 5) == b"SONY "
    _, count, block = tiff.directory(offset + 12 * named).get(_SONY_BLOCK, (0, 0, 0))
    enciphered = tiff.bytes_at(block + place.offset, place.length)
    if count < place.offset + place.length or len(enciphered) < place.length:
        return None
    plain = {pow(byte, 3, 249): byte for byte in range(249)}
    return bytes(plain.get(byte, byte) for byte in enciphered).hex()
