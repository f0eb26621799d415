"""Read the first page of a TIFF file without decoding it, and refuse files that OpenCV would misread."""

import logging
import struct
import zlib
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

import tifffile

from realdof.common.errors import InputError
from realdof.images.limits import Header

_COLOURS = (tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.YCBCR)
_FAULTS = (
    tifffile.TiffFileError, struct.error, LookupError, ValueError, TypeError, AttributeError, ArithmeticError, OSError,
    RuntimeError, MemoryError, AssertionError,
)  # fmt: skip
"""Errors that tifffile raises for damaged tags; RuntimeError includes endless nesting."""
_MOST_PAGES = 64
_DEFLATE = (8, 32946)
_BLOCK = 2**20

# tifffile would log long messages about a damaged file beside our one sentence; add a handler to see them.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Page:
    """The first page of a TIFF file.

    Parameters
    ----------
    header
        Size, depth and orientation.
    grey
        Whether the page has one channel.
    profile
        ICC profile; empty for none.
    orientation_at
        Position of the orientation's value in the file, bytes; None if there is no orientation.
    byte_order
        ``<`` or ``>``.
    deflated
        Position and length of each compressed part that ends with a checksum; empty for other compressions.
    """

    header: Header
    grey: bool
    profile: bytes
    orientation_at: int | None
    byte_order: str
    deflated: tuple[tuple[int, int], ...] = ()


def read_page(path: Path, file: BinaryIO) -> Page:
    """Read the tags of the first page, and check that it is the main picture.

    Raises
    ------
    InputError
        The page is damaged, its depth is not 8 or 16 bits, its colours are not grey or RGB, it is stored in separate
        planes, or another page is at least as large.
    """
    file.seek(0)
    try:
        with tifffile.TiffFile(cast(Any, file)) as tiff:
            page = cast(Any, tiff.pages[0])
            bits, samples, planar = page.bitspersample, page.samplesperpixel, page.planarconfig
            kind, colour = tifffile.SAMPLEFORMAT(page.sampleformat), tifffile.PHOTOMETRIC(page.photometric)
            height, width = int(page.imagelength), int(page.imagewidth)
            orientation, profile = page.tags.get("Orientation"), page.tags.valueof("InterColorProfile", b"")
            value = orientation.value if orientation is not None else 1
            others = [(int(other.imagelength), int(other.imagewidth)) for other in _others(tiff)]
            found = Page(
                Header(
                    height, width, bits if isinstance(bits, int) else 0, value if value in range(1, 9) else 1,
                    samples if isinstance(samples, int) else 0,
                ),
                samples == 1, profile if isinstance(profile, bytes) else b"",
                None if orientation is None else int(orientation.valueoffset), tiff.byteorder,
                tuple(zip(map(int, page.dataoffsets), map(int, page.databytecounts), strict=True))
                if page.compression in _DEFLATE else (),
            )  # fmt: skip
    except _FAULTS as error:
        raise InputError(f"{path} is truncated or damaged; fetch or copy it again") from error
    if bits not in (8, 16) or kind != tifffile.SAMPLEFORMAT.UINT:
        raise InputError(f"{path} holds {bits}-bit {kind.name} samples; save it with 8 or 16 bits, unsigned")
    if samples not in (1, 3, 4) or colour not in _COLOURS:
        raise InputError(f"{path} has {samples} channels in {colour.name}; save it as RGB or grey")
    if samples > 1 and planar != tifffile.PLANARCONFIG.CONTIG:
        raise InputError(f"{path} stores its channels in separate planes; save it with interleaved channels")
    larger = next((size for size in others if size[0] * size[1] >= height * width), None)
    if larger is not None:
        raise InputError(
            f"{path} holds several images, the first {width}x{height}, another {larger[1]}x{larger[0]}; "
            "save the one you mean alone"
        )
    return found


def check_deflated(path: Path, content: bytes, page: Page) -> None:
    """Check the checksum of each deflated part, which OpenCV ignores.

    Raises
    ------
    InputError
        A checksum is wrong or missing.
    """
    view = memoryview(content)
    for at, length in page.deflated:
        inflate, waiting = zlib.decompressobj(), bytes(view[at : at + length])
        try:
            while waiting and not inflate.eof:
                inflate.decompress(waiting, _BLOCK)
                waiting = inflate.unconsumed_tail
        except zlib.error as error:
            raise InputError(f"{path} is truncated or damaged; fetch or copy it again") from error
        if not inflate.eof:
            raise InputError(f"{path} is truncated or damaged; fetch or copy it again")


def _others(tiff: tifffile.TiffFile) -> list[Any]:
    """Return the pages after the first, and the pages within the first."""
    first = cast(Any, tiff.pages[0])
    return [*islice(iter(tiff.pages), 1, _MOST_PAGES), *islice(first.pages or (), _MOST_PAGES)]
