"""Compress raw mosaics like Sony's cameras, lossily or losslessly, to write files of known content.

Lossy: 16 pixels of one colour in a row share 16 bytes, which hold the largest and the smallest code in full and the
others as seven bits of their difference to the smallest. Lossless: tiles of lossless JPEG (ITU-T T.81, process 14) with
four components, one for each site of 2x2 px. The layouts are those that LibRaw reads.
"""

import struct
from itertools import pairwise

import numpy as np

TILE = 512
"""Side of a lossless tile, px."""

TONE_CURVE = (8000, 10400, 12900, 14100)
"""Tag 0x7010: codes, times four, at which the step between levels doubles."""

LOSSY_MULTIPLE = 32
"""The width of a lossily compressed mosaic must be a multiple of this."""

_CODES, _PIXELS, _FIRST_BIT, _BITS = 2048, 16, 30, 7
_PRECISION = 14
_CODE_BITS = 5


def lossy_levels() -> np.ndarray:
    """Return the level of each of the 2048 codes, int64 (2048,)."""
    ends = [0, *(code // 4 for code in TONE_CURVE), 4095]
    steps = np.concatenate([np.full(end - start, 2**i) for i, (start, end) in enumerate(pairwise(ends))])
    return np.concatenate([[0], np.cumsum(steps)])[: 2 * _CODES : 2]


def compress_lossy(mosaic: np.ndarray) -> bytes:
    """Compress a mosaic, uint16 (H, W), W divisible by 32, to one byte per pixel."""
    height, width = mosaic.shape
    levels = lossy_levels()
    nearest = np.searchsorted((levels[1:] + levels[:-1]) / 2, mosaic).astype(np.uint64)
    # A block holds every second of 32 pixels.
    blocks = nearest.reshape(height, width // 32, _PIXELS, 2).swapaxes(2, 3).reshape(-1, _PIXELS)
    largest, smallest = blocks.argmax(axis=1), blocks.argmin(axis=1)
    smallest = np.where(largest == smallest, (largest + 1) % _PIXELS, smallest)
    rows = np.arange(len(blocks))
    high, low = blocks[rows, largest], blocks[rows, smallest]
    shift = np.searchsorted(2 ** np.arange(_BITS, _BITS + 4), high - low, side="right").astype(np.uint64)
    others = np.ones(blocks.shape, bool)
    others[rows, largest] = others[rows, smallest] = False
    steps = (blocks[others].reshape(-1, _PIXELS - 2) - low[:, None]) >> shift[:, None]
    words = np.zeros((len(blocks), 2), np.uint64)
    words[:, 0] = high | low << np.uint64(11) | largest.astype(np.uint64) << np.uint64(22)
    words[:, 0] |= smallest.astype(np.uint64) << np.uint64(26)
    for index, step in enumerate(steps.T):
        bit = _FIRST_BIT + _BITS * index
        if bit < 64:
            words[:, 0] |= step << np.uint64(bit)
            if bit + _BITS > 64:
                words[:, 1] |= step >> np.uint64(64 - bit)
        else:
            words[:, 1] |= step << np.uint64(bit - 64)
    return words.astype("<u8").tobytes()


def compress_lossless(mosaic: np.ndarray) -> list[bytes]:
    """Compress a mosaic, uint16 (H, W) of 14 bits, to tiles in row order; pad tiles at the border."""
    height, width = mosaic.shape
    filled = np.pad(mosaic, ((0, -height % TILE), (0, -width % TILE)), mode="edge")
    return [
        _jpeg(filled[top : top + TILE, left : left + TILE])
        for top in range(0, height, TILE)
        for left in range(0, width, TILE)
    ]


def _jpeg(tile: np.ndarray) -> bytes:
    side = TILE // 2
    sites = np.stack([tile[0::2, 0::2], tile[0::2, 1::2], tile[1::2, 0::2], tile[1::2, 1::2]], axis=2).astype(np.int64)
    # Each pixel is predicted from the pixel to its left, the first of a row from the pixel above.
    predicted = np.empty_like(sites)
    predicted[:, 1:] = sites[:, :-1]
    predicted[1:, 0] = sites[:-1, 0]
    predicted[0, 0] = 1 << (_PRECISION - 1)
    components = b"".join(bytes([number, 0x11, 0]) for number in range(1, 5))
    table = bytes([0]) + bytes([0] * 4 + [16] + [0] * 11) + bytes(range(16))
    scan = bytes([4]) + b"".join(bytes([number, 0]) for number in range(1, 5)) + bytes([1, 0, 0])
    frame = struct.pack(">BHHB", _PRECISION, side, side, 4) + components
    parts = [b"\xff\xd8", _segment(0xC3, frame), _segment(0xC4, table), _segment(0xDA, scan)]
    return b"".join(parts) + _entropy_coded((sites - predicted).ravel()).replace(b"\xff", b"\xff\0") + b"\xff\xd9"


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, 2 + len(content)) + content


def _entropy_coded(differences: np.ndarray) -> bytes:
    """Encode each difference as its number of bits, in five bits, and the bits themselves; pad with ones."""
    sizes = np.ceil(np.log2(np.abs(differences) + 1)).astype(np.int64)
    extra = np.where(differences < 0, differences + (1 << sizes) - 1, differences)
    lengths, values = _CODE_BITS + sizes, sizes << sizes | extra
    ends = np.cumsum(lengths)
    places = np.repeat(ends, lengths) - 1 - np.arange(ends[-1])
    bits = (np.repeat(values, lengths) >> places & 1).astype(np.uint8)
    return np.packbits(np.concatenate([bits, np.ones(-len(bits) % 8, np.uint8)])).tobytes()
