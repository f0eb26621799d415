"""Write raw files that LibRaw opens, from a Bayer mosaic: Sony's ARW in its three compressions, and Adobe's DNG.

ARW is the format of the paper's two cameras; DNG contains its colour matrix and is read by every raw developer.
"""

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np

from realdof.common.files import atomic_path
from realdof.geometry.grid import Region
from realdof.raw.cameras import A7R_IV
from realdof.raw.exif import Exif
from realdof.raw.sony_compression import LOSSY_MULTIPLE, TILE, TONE_CURVE, compress_lossless, compress_lossy

Compression = Literal["none", "lossy", "lossless"]
"""Compression of a Sony raw."""

_TAGS: dict[Compression, int] = {"none": 1, "lossy": 32767, "lossless": 7}
_MAKE = "SONY"
_SMALLEST = (22, 24)
_BYTE, _TEXT, _SHORT, _LONG, _RATIONAL, _UNDEFINED, _SIGNED_RATIONAL = 1, 2, 3, 4, 5, 7, 10
_CFA, _RGGB = 32803, b"\x00\x01\x01\x02"
_D65 = 21

_Entry = tuple[int, int, int, bytes]
"""Tag, type of its values, their number, and their bytes."""


def write_arw(
    path: Path,
    mosaic: np.ndarray,
    exif: Exif,
    white_balance: Sequence[float],
    *,
    compression: Compression = "none",
    orientation: int = 1,
) -> None:
    """Write a mosaic as an A7R IV's ARW, atomically.

    LibRaw uses black 512, white 16383 and its own colour matrix of that camera.

    Parameters
    ----------
    mosaic
        (H, W), uint16, RGGB, levels between those of ``A7R_IV``; both sides even, at least 22 x 24.
    exif
        EXIF to write; its ``model`` is ignored.
    white_balance
        As-shot multipliers of red, green and blue.
    compression
        Sony's compression: ``lossy`` rounds levels and needs a width divisible by 32, ``lossless`` keeps them.
    orientation
        EXIF orientation, 1 to 8.

    Raises
    ------
    InputError
        The file cannot be written.
    ValueError
        ``mosaic`` has another type or shape.
    """
    _check(mosaic)
    if compression == "lossy" and mosaic.shape[1] % LOSSY_MULTIPLE:
        raise ValueError(f"lossy compression needs a width that divides by {LOSSY_MULTIPLE}, not {mosaic.shape[1]}")
    levels = [round(1024 * white_balance[channel]) for channel in (0, 1, 1, 2)]
    raw = [
        *_mosaic_entries(mosaic, bits=8 if compression == "lossy" else 14, compression=_TAGS[compression]),
        _shorts(0x7310, [A7R_IV.black] * 4),
        _shorts(0x7313, levels),
    ]
    main = [_longs(254, [1]), *_camera_entries(A7R_IV.model, orientation)]
    if compression == "lossless":
        tiles = compress_lossless(mosaic)
        if len(tiles) == 4:
            raise ValueError("LibRaw takes a raw of exactly four tiles for a four-shot back's; give another size")
        raw += [_longs(322, [TILE]), _longs(323, [TILE])]
        _write(path, tiles, main, raw, _exif_entries(exif), tiled=True)
    elif compression == "lossy":
        raw += [_longs(278, [mosaic.shape[0]]), _shorts(0x7010, TONE_CURVE)]
        _write(path, [compress_lossy(mosaic)], main, raw, _exif_entries(exif))
    else:
        _write(path, [_plain(mosaic)], main, [*raw, _longs(278, [mosaic.shape[0]])], _exif_entries(exif))


def write_dng(
    path: Path,
    mosaic: np.ndarray,
    exif: Exif,
    white_balance: Sequence[float],
    color_matrix: np.ndarray,
    *,
    crop: Region | None = None,
    orientation: int = 1,
) -> None:
    """Write a mosaic as an uncompressed DNG 1.4, atomically.

    Parameters
    ----------
    mosaic, exif, white_balance, orientation
        As in ``write_arw``.
    crop
        The part of the active area to recommend (DefaultCropOrigin and DefaultCropSize); None for no recommendation.
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
        _longs(278, [mosaic.shape[0]]),
        _shorts(50714, [A7R_IV.black]),
        _shorts(50717, [A7R_IV.white]),
        _longs(50829, [0, 0, mosaic.shape[0], min(mosaic.shape[1], A7R_IV.visible_width)]),
    ]
    if crop is not None:
        raw += [_longs(50719, [crop.left, crop.top]), _longs(50720, [crop.width, crop.height])]
    main = [
        _longs(254, [1]),
        *_camera_entries(A7R_IV.model, orientation),
        (50706, _BYTE, 4, bytes([1, 4, 0, 0])),
        (50707, _BYTE, 4, bytes([1, 1, 0, 0])),
        _text(50708, f"Sony {A7R_IV.model}"),
        _rationals(50721, color_matrix.ravel().tolist(), signed=True),
        _rationals(50728, [1 / multiplier for multiplier in white_balance]),
        _shorts(50778, [_D65]),
    ]
    _write(path, [_plain(mosaic)], main, raw, _exif_entries(exif))


def _check(mosaic: np.ndarray) -> None:
    height, width = mosaic.shape
    if mosaic.dtype != np.uint16 or height % 2 or width % 2 or height < _SMALLEST[0] or width < _SMALLEST[1]:
        raise ValueError(f"a mosaic must be uint16 with even sides from 22x24, not {mosaic.dtype} {mosaic.shape}")


def _camera_entries(model: str, orientation: int) -> list[_Entry]:
    return [_text(271, _MAKE), _text(272, model), _shorts(274, [orientation])]


def _mosaic_entries(mosaic: np.ndarray, bits: int, compression: int = 1) -> list[_Entry]:
    height, width = mosaic.shape
    return [
        _longs(254, [0]),
        _longs(256, [width]),
        _longs(257, [height]),
        _shorts(258, [bits]),
        _shorts(259, [compression]),
        _shorts(262, [_CFA]),
        _shorts(277, [1]),
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


def _plain(mosaic: np.ndarray) -> bytes:
    return np.ascontiguousarray(mosaic, dtype="<u2").tobytes()


def _write(
    path: Path, parts: Sequence[bytes], main: list[_Entry], raw: list[_Entry], exif: list[_Entry], tiled: bool = False
) -> None:
    """Write header, main directory, EXIF, the raw image's directory and its strip or tiles, in this order."""
    places_tag, sizes_tag = (324, 325) if tiled else (273, 279)
    raw = [*raw, _longs(sizes_tag, [len(part) for part in parts])]
    main_at = 8
    exif_at = main_at + _size([*main, _longs(330, [0]), _longs(34665, [0])])
    raw_at = exif_at + _size(exif)
    pixels_at = raw_at + _size([*raw, _longs(places_tag, [0] * len(parts))])
    places = [pixels_at + sum(len(part) for part in parts[:number]) for number in range(len(parts))]
    head = struct.pack("<2sHI", b"II", 42, main_at)
    head += _directory([*main, _longs(330, [raw_at]), _longs(34665, [exif_at])], main_at)
    head += _directory(exif, exif_at)
    head += _directory([*raw, _longs(places_tag, places)], raw_at)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        file.write(head)
        file.writelines(parts)


def _directory(entries: list[_Entry], offset: int) -> bytes:
    """Make the TIFF directory for an offset, followed by the values that do not fit into its entries."""
    table, values = struct.pack("<H", len(entries)), b""
    values_at = offset + _table_size(entries)
    # TIFF requires ascending tags.
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
    # Denominators of at most 10,000 give shutter times, f-numbers and matrices as cameras write them.
    fractions = [Fraction(value).limit_denominator(10_000) for value in values]
    numbers = [part for fraction in fractions for part in (fraction.numerator, fraction.denominator)]
    kind, letter = (_SIGNED_RATIONAL, "i") if signed else (_RATIONAL, "I")
    return tag, kind, len(values), struct.pack(f"<{len(numbers)}{letter}", *numbers)
