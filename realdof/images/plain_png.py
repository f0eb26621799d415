"""Decode plain PNG files, one opaque RGB image with 8 or 16 bits, in about half of OpenCV's time."""

import struct
from collections.abc import Set
from typing import cast

import numpy as np
from kornia_rs import io

_HEADER_AT = 16
_RGB, _ROWS_IN_ORDER = 2, 0
_NOT_PLAIN = frozenset({b"tRNS", b"acTL"})
"""Chunks that make pixels transparent or an animation."""
_WORKING_MEMORY = 2**20


def decode_plain(content: bytes, kinds: Set[bytes]) -> np.ndarray | None:
    """Decode a PNG file if it is plain.

    Parameters
    ----------
    content
        The file, with a whole header and chunks whose checksums are right.
    kinds
        Kinds of its chunks.

    Returns
    -------
    ndarray or None
        (H, W, 3), RGB, uint8 or uint16 like the file; None if it is not plain, or if its pixels cannot be decoded.

    Raises
    ------
    MemoryError
        There is not enough memory for the pixels.
    """
    width, height, bits, colour, _, _, order = struct.unpack_from(">IIBBBBB", content, _HEADER_AT)
    if (colour, order) != (_RGB, _ROWS_IN_ORDER) or bits not in (8, 16) or kinds & _NOT_PLAIN:
        return None
    # Rust would end the process where memory is lacking, so it is asked for here first; untouched memory costs nothing.
    np.empty(height * width * 3 * bits // 8 * 2 + _WORKING_MEMORY, np.uint8)
    decode = io.decode_image_png_u8 if bits == 8 else io.decode_image_png_u16
    try:
        return cast(np.ndarray, decode(content, (height, width), "rgb"))
    except BaseException as error:
        # The package raises nothing narrower for damage, and a panic of Rust is not even an Exception.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            return None
        raise
