"""Image files: PNG, TIFF and JPEG with 8 or 16 bits, read as they are stored and written whole or not at all.

Colour order is RGB everywhere; BGR exists only inside the two lines that call OpenCV's file functions.
"""

import logging
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import numpy as np
import tifffile

from realdof.common.errors import InputError
from realdof.common.files import atomic_path
from realdof.common.opencv import cv2
from realdof.images import signatures

_TIFF_COLOURS = (tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.YCBCR)
_BITS_BY_SUFFIX = {".png": (8, 16), ".tif": (8, 16), ".tiff": (8, 16), ".jpg": (8,), ".jpeg": (8,)}
_JPEG_QUALITY = 95

# tifffile logs a page about a damaged file, beside our one sentence; a handler brings it back.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


def read_pixels(path: Path) -> np.ndarray:
    """Read a PNG, TIFF or JPEG file as it is stored, without applying an orientation tag.

    A grey file gives three equal channels; an alpha channel is dropped if it is opaque everywhere.

    Returns
    -------
    ndarray
        (H, W, 3), RGB, uint8 or uint16 as the file is.

    Raises
    ------
    InputError
        The file is missing, a folder, truncated, damaged, no PNG, TIFF or JPEG, of another depth than 8 or 16
        bits, or partly transparent.
    """
    content = _content(path)
    if content.startswith(signatures.PNG):
        _check_png(path, content)
    elif content.startswith(signatures.JPEG):
        _check_jpeg(path, content)
    elif content.startswith(signatures.TIFF):
        content = _checked_tiff(path, content)
    else:
        raise InputError(f"{path} is no PNG, TIFF or JPEG, it begins with {content[:8]!r}; give an image")
    return _three_channels(path, _decode(path, content))


def write_pixels(path: Path, pixels: np.ndarray) -> None:
    """Write a PNG, TIFF (8 or 16 bits) or JPEG (8 bits, quality 95) file, atomically; the suffix decides.

    Parameters
    ----------
    pixels
        (H, W, 3), RGB, uint8 or uint16.

    Raises
    ------
    InputError
        The suffix names no format that can hold these pixels, or the file cannot be written.
    ValueError
        ``pixels`` is of another shape or type.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"pixels must be uint8 or uint16 (H, W, 3), not {pixels.dtype} {pixels.shape}")
    suffix, bits = path.suffix.lower(), 8 * pixels.dtype.itemsize
    if bits not in _BITS_BY_SUFFIX.get(suffix, ()):
        raise InputError(f"cannot write {bits}-bit pixels to {path}; use .png or .tiff, or .jpg for 8 bits")
    options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY] if suffix in (".jpg", ".jpeg") else []
    _, encoded = cv2.imencode(suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)
    with atomic_path(path) as temporary:
        temporary.write_bytes(encoded.tobytes())


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; give an image file") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder; give an image file") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; give a file that can be read") from error
    if not content:
        raise InputError(f"{path} is empty; fetch or copy it again")
    return content


def _decode(path: Path, content: bytes) -> np.ndarray:
    # OpenCV writes a page of its own to stderr about a damaged file, beside our one sentence.
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
        decoded = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error as error:
        raise InputError(f"{path} cannot be decoded ({error.err}); save it again as PNG or TIFF") from error
    finally:
        cv2.utils.logging.setLogLevel(level)
    if decoded is None:
        raise InputError(f"{path} is damaged or of an unsupported kind; save it again as PNG or TIFF")
    return cast(np.ndarray, decoded)


def _three_channels(path: Path, stored: np.ndarray) -> np.ndarray:
    """RGB from OpenCV's grey, BGR or BGRA."""
    if stored.dtype not in (np.uint8, np.uint16):
        raise InputError(f"{path} holds {stored.dtype} pixels; save it with 8 or 16 bits a channel")
    if stored.ndim == 2:
        return np.repeat(stored[..., None], 3, axis=2)
    if stored.shape[2] == 4 and stored[..., 3].min() < np.iinfo(stored.dtype).max:
        raise InputError(f"{path} has transparent pixels; remove its alpha channel")
    code = cv2.COLOR_BGRA2RGB if stored.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return cast(np.ndarray, cv2.cvtColor(stored, code))


def _truncated(path: Path) -> InputError:
    return InputError(f"{path} is truncated or damaged; fetch or copy it again")


def _check_png(path: Path, content: bytes) -> None:
    """Walk the chunks to IEND with their checksums: OpenCV before 5 returns what a truncated file has."""
    view, position = memoryview(content), len(signatures.PNG)
    kind = b""
    while kind != b"IEND":
        if position + 12 > len(content):
            raise _truncated(path)
        length, kind = struct.unpack_from(">I4s", content, position)
        checksum = position + 8 + length
        position = checksum + 4
        if position > len(content):
            raise _truncated(path)
        (expected,) = struct.unpack_from(">I", content, checksum)
        if zlib.crc32(view[checksum - length - 4 : checksum]) != expected:
            raise _truncated(path)


def _check_jpeg(path: Path, content: bytes) -> None:
    """Look for the end-of-image marker: OpenCV before 5 fills what a truncated file lacks with grey."""
    position = 2
    # Segments are skipped because a thumbnail inside one has an end-of-image marker of its own.
    while position + 4 <= len(content) and content[position : position + 2] != b"\xff\xda":
        marker, length = struct.unpack_from(">HH", content, position)
        is_fill = marker == 0xFFFF
        position += 1 if is_fill else 2 + length
    if content.find(b"\xff\xd9", position) < 0:
        raise _truncated(path)


def _checked_tiff(path: Path, content: bytes) -> bytes:
    """Refuse what OpenCV misreads without a word; set the orientation, which it would apply, to upright."""
    try:
        with tifffile.TiffFile(BytesIO(content)) as file:
            page = cast(Any, file.pages[0])
            orientation, order = page.tags.get("Orientation"), file.byteorder
            bits, samples, planar = page.bitspersample, page.samplesperpixel, page.planarconfig
            kind, colour = tifffile.SAMPLEFORMAT(page.sampleformat), tifffile.PHOTOMETRIC(page.photometric)
    except (tifffile.TiffFileError, struct.error, IndexError, ValueError) as error:
        raise _truncated(path) from error
    if bits not in (8, 16) or kind != tifffile.SAMPLEFORMAT.UINT:
        raise InputError(f"{path} holds {bits}-bit {kind.name} samples; save it with 8 or 16 bits, unsigned")
    if samples not in (1, 3, 4) or colour not in _TIFF_COLOURS:
        raise InputError(f"{path} has {samples} channels in {colour.name}; save it as RGB or grey")
    if samples > 1 and planar != tifffile.PLANARCONFIG.CONTIG:
        raise InputError(f"{path} stores its channels in separate planes; save it with interleaved channels")
    if orientation is None:
        return content
    upright = bytearray(content)
    struct.pack_into(f"{order}H", upright, orientation.valueoffset, 1)
    return bytes(upright)
