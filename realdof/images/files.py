"""Read PNG, TIFF and JPEG files with 8 or 16 bits as they are stored, and write them atomically.

The colour order is RGB everywhere; BGR occurs only in the lines that call OpenCV's file functions.
"""

import struct
from io import BytesIO
from pathlib import Path
from typing import cast

import numpy as np

from realdof.common.errors import InputError
from realdof.common.files import atomic_path, open_regular
from realdof.common.machine.opencv import cv2
from realdof.images import signatures
from realdof.images.headers import header_of
from realdof.images.hush import hushed
from realdof.images.plain_png import decode_plain
from realdof.images.png import check_chunks

_BITS_BY_SUFFIX = {".png": (8, 16), ".tif": (8, 16), ".tiff": (8, 16), ".jpg": (8,), ".jpeg": (8,), ".jfif": (8,)}
_JPEGS = (".jpg", ".jpeg", ".jfif")
_JPEG_QUALITY = 95


def read_pixels(path: Path) -> np.ndarray:
    """Read a PNG, TIFF or JPEG file as it is stored, without applying an orientation tag.

    A grey file gives three equal channels; a fully opaque alpha channel is dropped.

    Returns
    -------
    ndarray
        (H, W, 3), RGB, uint8 or uint16 like the file.

    Raises
    ------
    InputError
        The file is missing, a folder, truncated or damaged; it is not PNG, TIFF or JPEG; its depth is not 8 or 16
        bits; it is in CMYK or partly transparent; or it has more pixels than `realdof.images.limits` allows.
    """
    with open_regular(path, "an image file") as file:
        header_of(path, file)
        file.seek(0)
        content = file.read()
    if content.startswith(signatures.PNG):
        plain = decode_plain(content, check_chunks(path, content))
        if plain is not None:
            return plain
    elif content.startswith(signatures.TIFF):
        content = _checked_tiff(path, content)
    return _three_channels(path, _decode(path, content))


def write_pixels(path: Path, pixels: np.ndarray) -> None:
    """Write a PNG, TIFF (8 or 16 bits) or JPEG (8 bits, quality 95) file, by suffix, atomically.

    Parameters
    ----------
    pixels
        (H, W, 3), RGB, uint8 or uint16.

    Raises
    ------
    InputError
        The suffix is not that of a format that can hold these pixels, or the file cannot be written.
    ValueError
        ``pixels`` has another shape or type.
    """
    content = encoded(pixels, path)
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def encoded(pixels: np.ndarray, path: Path) -> bytes:
    """Encode pixels as the file of that name holds them; see `write_pixels`."""
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"pixels must be uint8 or uint16 (H, W, 3), not {pixels.dtype} {pixels.shape}")
    suffix, bits = path.suffix.lower(), 8 * pixels.dtype.itemsize
    if bits not in _BITS_BY_SUFFIX.get(suffix, ()):
        raise InputError(f"cannot write {bits}-bit pixels to {path}; use .png or .tiff, or .jpg for 8 bits")
    options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY] if suffix in _JPEGS else []
    _, content = cv2.imencode(".jpg" if suffix in _JPEGS else suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)
    return content.tobytes()


def _decode(path: Path, content: bytes) -> np.ndarray:
    decoded, said = _decoded(path, content)
    if _is_damaged(said):
        # The message may concern a file that another thread decodes.
        decoded, said = _decoded(path, content, alone=True)
    if decoded is None or _is_damaged(said):
        raise InputError(f"{path} is damaged or of an unsupported kind; save it again as PNG or TIFF")
    return decoded


def _is_damaged(said: list[str]) -> bool:
    """Return whether libjpeg reported damage that it filled with invented pixels."""
    return any("premature end of data segment" in line or "bad Huffman code" in line for line in said)


def _decoded(path: Path, content: bytes, alone: bool = False) -> tuple[np.ndarray | None, list[str]]:
    """Return the pixels in OpenCV's order, or None if unreadable, and the messages of the image libraries."""
    # OpenCV would write long messages about a damaged file to stderr beside our one sentence.
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
        with hushed(alone=alone) as said:
            decoded = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error as error:
        raise InputError(f"{path} cannot be decoded ({error.err[:200]}); save it again as PNG or TIFF") from error
    finally:
        cv2.utils.logging.setLogLevel(level)
    return decoded, said


def _three_channels(path: Path, stored: np.ndarray) -> np.ndarray:
    """Convert OpenCV's grey, BGR or BGRA pixels to RGB."""
    if stored.dtype not in (np.uint8, np.uint16):
        raise InputError(f"{path} holds {stored.dtype} pixels; save it with 8 or 16 bits a channel")
    if stored.ndim == 2:
        return np.repeat(stored[..., None], 3, axis=2)
    if stored.shape[2] == 4 and stored[..., 3].min() < np.iinfo(stored.dtype).max:
        raise InputError(f"{path} has transparent pixels; remove its alpha channel")
    code = cv2.COLOR_BGRA2RGB if stored.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return cast(np.ndarray, cv2.cvtColor(stored, code))


def _checked_tiff(path: Path, content: bytes) -> bytes:
    """Check a TIFF file; return it with its orientation, which OpenCV would apply, set to upright."""
    from realdof.images.tiff import check_deflated, read_page

    page = read_page(path, BytesIO(content))
    check_deflated(path, content, page)
    if page.orientation_at is None or page.orientation_at + 2 > len(content):
        return content
    upright = bytearray(content)
    struct.pack_into(f"{page.byte_order}H", upright, page.orientation_at, 1)
    return bytes(upright)
