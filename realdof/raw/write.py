"""Writing raw files that LibRaw opens: Sony's ARW and Adobe's DNG, uncompressed, from a Bayer mosaic.

ARW is what the paper's two cameras wrote; DNG carries its own colour matrix and is read by every developer.
"""

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from realdof.common.files import atomic_path
from realdof.raw.exif import Exif

BLACK, WHITE = 512, 16383
"""Levels of a 14-bit Sony raw: no light, and the full range."""

MODEL = "ILCE-7RM4"
"""Sony's name for the A7R IV; LibRaw chooses levels and colour matrix by it."""

RAW_SIZE = (6376, 9600)
"""Height and width of an A7R IV's mosaic, px."""

VISIBLE_WIDTH = 9568
"""Columns of it that hold an image: LibRaw cuts an ARW to them, a DNG says so by its active area."""

_MAKE = "SONY"
_SMALLEST = (22, 24)
_BYTE, _TEXT, _SHORT, _LONG, _RATIONAL, _UNDEFINED, _SIGNED_RATIONAL = 1, 2, 3, 4, 5, 7, 10
_CFA, _RGGB = 32803, b"\x00\x01\x01\x02"
_D65 = 21

_Entry = tuple[int, int, int, bytes]
"""Tag, kind of its values, how many, their bytes."""


def write_arw(path: Path, mosaic: np.ndarray, exif: Exif, white_balance: Sequence[float]) -> None:
    """Write a mosaic as an uncompressed A7R IV ARW, atomically.

    LibRaw takes black 512, white 16383 and its own colour matrix of that camera.

    Parameters
    ----------
    mosaic
        (H, W), uint16, RGGB, levels between ``BLACK`` and ``WHITE``; both sides even, at least 22 x 24.
    exif
        What to write about the shot; its ``model`` is ignored.
    white_balance
        As-shot multipliers of red, green and blue.

    Raises
    ------
    InputError
        The file cannot be written.
    ValueError
        ``mosaic`` has another type or shape.
    """
    _check(mosaic)
    levels = [round(1024 * white_balance[channel]) for channel in (0, 1, 1, 2)]
    raw = [
        *_mosaic_entries(mosaic, bits=14),
        _shorts(0x7310, [BLACK] * 4),
        _shorts(0x7313, levels),
    ]
    main = [_longs(254, [1]), *_camera_entries(MODEL)]
    _write(path, mosaic, main, raw, _exif_entries(exif))


def write_dng(
    path: Path, mosaic: np.ndarray, exif: Exif, white_balance: Sequence[float], color_matrix: np.ndarray
) -> None:
    """Write a mosaic as an uncompressed DNG 1.4, atomically.

    Parameters
    ----------
    mosaic, exif, white_balance
        As for ``write_arw``.
    color_matrix
        (3, 3), float: from CIE XYZ to the camera's colours under D65 (the specification's ColorMatrix1).

    Raises
    ------
    InputError
        The file cannot be written.
    ValueError
        ``mosaic`` has another type or shape.
    """
    _check(mosaic)
    raw = [
        *_mosaic_entries(mosaic, bits=16),
        _shorts(50714, [BLACK]),
        _shorts(50717, [WHITE]),
        _longs(50829, [0, 0, mosaic.shape[0], min(mosaic.shape[1], VISIBLE_WIDTH)]),
    ]
    main = [
        _longs(254, [1]),
        *_camera_entries(MODEL),
        (50706, _BYTE, 4, bytes([1, 4, 0, 0])),
        (50707, _BYTE, 4, bytes([1, 1, 0, 0])),
        _text(50708, f"Sony {MODEL}"),
        _rationals(50721, color_matrix.ravel().tolist(), signed=True),
        _rationals(50728, [1 / multiplier for multiplier in white_balance]),
        _shorts(50778, [_D65]),
    ]
    _write(path, mosaic, main, raw, _exif_entries(exif))


def _check(mosaic: np.ndarray) -> None:
    height, width = mosaic.shape
    if mosaic.dtype != np.uint16 or height % 2 or width % 2 or height < _SMALLEST[0] or width < _SMALLEST[1]:
        raise ValueError(f"a mosaic must be uint16 with even sides from 22x24, not {mosaic.dtype} {mosaic.shape}")


def _camera_entries(model: str) -> list[_Entry]:
    return [_text(271, _MAKE), _text(272, model), _shorts(274, [1])]


def _mosaic_entries(mosaic: np.ndarray, bits: int) -> list[_Entry]:
    height, width = mosaic.shape
    return [
        _longs(254, [0]),
        _longs(256, [width]),
        _longs(257, [height]),
        _shorts(258, [bits]),
        _shorts(259, [1]),
        _shorts(262, [_CFA]),
        _shorts(277, [1]),
        _longs(278, [height]),
        _longs(279, [2 * height * width]),
        _shorts(284, [1]),
        _shorts(33421, [2, 2]),
        (33422, _BYTE, 4, _RGGB),
    ]


def _exif_entries(exif: Exif) -> list[_Entry]:
    entries: list[_Entry] = [(36864, _UNDEFINED, 4, b"0231")]
    for tag, value in ((33434, exif.exposure_time), (33437, exif.f_number), (37386, exif.focal_length)):
        if value is not None:
            entries.append(_rationals(tag, [value]))
    if exif.iso is not None:
        entries.append(_shorts(34855, [round(exif.iso)]))
    if exif.time is not None:
        entries.append(_text(36867, exif.time.strftime("%Y:%m:%d %H:%M:%S")))
        if exif.time_step is not None and exif.time_step < 1:
            entries.append(_text(37521, f"{exif.time.microsecond // 1000:03d}"))
    for tag, text in ((42033, exif.body_serial), (42036, exif.lens)):
        if text is not None:
            entries.append(_text(tag, text))
    return entries


def _write(path: Path, mosaic: np.ndarray, main: list[_Entry], raw: list[_Entry], exif: list[_Entry]) -> None:
    """Lay out header, main directory, EXIF, the raw image's directory and its one strip, in this order."""
    main_at = 8
    exif_at = main_at + _size([*main, _longs(330, [0]), _longs(34665, [0])])
    raw_at = exif_at + _size(exif)
    pixels_at = raw_at + _size([*raw, _longs(273, [0])])
    head = struct.pack("<2sHI", b"II", 42, main_at)
    head += _directory([*main, _longs(330, [raw_at]), _longs(34665, [exif_at])], main_at)
    head += _directory(exif, exif_at)
    head += _directory([*raw, _longs(273, [pixels_at])], raw_at)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        file.write(head)
        file.write(np.ascontiguousarray(mosaic, dtype="<u2").data)


def _directory(entries: list[_Entry], offset: int) -> bytes:
    """A TIFF directory that stands at ``offset``, followed by the values that do not fit into its entries."""
    table, values = struct.pack("<H", len(entries)), b""
    values_at = offset + _table_size(entries)
    # TIFF asks for ascending tags.
    for tag, kind, count, content in sorted(entries):
        if len(content) <= 4:
            table += struct.pack("<HHI4s", tag, kind, count, content)
        else:
            table += struct.pack("<HHII", tag, kind, count, values_at + len(values))
            values += content + b"\0" * (len(content) % 2)
    return table + struct.pack("<I", 0) + values


def _table_size(entries: list[_Entry]) -> int:
    return 2 + 12 * len(entries) + 4


def _size(entries: list[_Entry]) -> int:
    return len(_directory(entries, 0))


def _text(tag: int, text: str) -> _Entry:
    content = text.encode("ascii") + b"\0"
    return tag, _TEXT, len(content), content


def _shorts(tag: int, values: Sequence[int]) -> _Entry:
    return tag, _SHORT, len(values), struct.pack(f"<{len(values)}H", *values)


def _longs(tag: int, values: Sequence[int]) -> _Entry:
    return tag, _LONG, len(values), struct.pack(f"<{len(values)}I", *values)


def _rationals(tag: int, values: Sequence[float], signed: bool = False) -> _Entry:
    # A denominator of 10,000 writes shutter times, f-numbers and matrices as cameras do.
    fractions = [Fraction(value).limit_denominator(10_000) for value in values]
    numbers = [part for fraction in fractions for part in (fraction.numerator, fraction.denominator)]
    kind, letter = (_SIGNED_RATIONAL, "i") if signed else (_RATIONAL, "I")
    return tag, kind, len(values), struct.pack(f"<{len(numbers)}{letter}", *numbers)
