"""Developing raw files: ARW, and every other format that LibRaw opens, to 16-bit sRGB or linear light.

The paper developed in Adobe Lightroom (supplement, section 1); its TIFF and PNG files are taken as they are.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rawpy

from realdof.errors import InputError
from realdof.headers import read_header
from realdof.images import read_pixels, srgb_to_linear
from realdof.rawfile import RAW_SIZE, VISIBLE_WIDTH
from realdof.tiff import Tiff

Multipliers = tuple[float, float, float, float]
"""White balance: factors of red, green, blue and the second green (0: the same as green)."""

PAPER_SIZE = (6344, 9504)
"""Height and width of the paper's developed images, px (supplement, section 1)."""

DEVELOPED_SUFFIXES = frozenset({".tif", ".tiff", ".png"})
"""Files that someone else has developed already."""

PAPER_ORIGIN = (16, 32)
RESIZE_FACTOR = 4
_JPEG_SIGNATURE = b"\xff\xd8\xff"

# (1 / 2.4, 12.92) is the sRGB curve; LibRaw's own default is BT.709's.
_SRGB_CURVE = (2.4, 12.92)
_LINEAR = (1.0, 1.0)


def develop(path: Path, white_balance: Multipliers | None = None, *, linear: bool = False) -> np.ndarray:
    """Develop a raw file by AHD demosaicing, or read an already developed TIFF or PNG.

    The orientation tag is not applied: both cameras of a scene keep the sensor's own grid.

    Parameters
    ----------
    path
        A raw file, or a TIFF or PNG in sRGB.
    white_balance
        Multipliers shared by both cameras of a scene: ``camera_multipliers`` of one reference shot, or fixed
        ones. None for what the file's own camera chose.
    linear
        Give linear light with sRGB primaries instead of sRGB.

    Returns
    -------
    ndarray
        (H, W, 3), RGB, uint16: 65535 is the sensor's full range in its least amplified channel. 8-bit files
        are stretched by 257.

    Raises
    ------
    InputError
        The file is missing, empty, truncated or of no kind that can be developed, or a white balance is asked
        of an already developed one.
    """
    if path.suffix.lower() in DEVELOPED_SUFFIXES:
        return _already_developed(path, white_balance, linear)
    with _opened(path) as raw:
        pixels: np.ndarray = raw.postprocess(
            use_camera_wb=white_balance is None,
            user_wb=None if white_balance is None else list(white_balance),
            gamma=_LINEAR if linear else _SRGB_CURVE,
            output_bps=16,
            no_auto_bright=True,
            # Above zero, LibRaw rescales the brightness by each image's own maximum.
            adjust_maximum_thr=0.0,
            user_flip=0,
        )
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise InputError(f"{path} is a raw file without colours; give one of a camera with a colour filter")
    return pixels


def camera_multipliers(path: Path) -> Multipliers:
    """The white balance that the camera chose for a raw file, scaled to green = 1.

    Raises
    ------
    InputError
        The file cannot be opened, is already developed, or names no white balance.
    """
    if path.suffix.lower() in DEVELOPED_SUFFIXES:
        raise InputError(f"{path} is already developed and names no white balance; give a raw file or multipliers")
    with _opened(path) as raw:
        red, green, blue, second_green = raw.camera_whitebalance
    if not min(red, green, blue) > 0:
        raise InputError(f"{path} names no white balance of its camera; give multipliers")
    return red / green, 1.0, blue / green, second_green / green


def image_size(path: Path) -> tuple[int, int]:
    """Height and width that ``develop`` will give, px, from the file's header alone.

    Raises
    ------
    InputError
        The file is missing, empty, truncated or of no kind that can be developed.
    """
    if path.suffix.lower() in DEVELOPED_SUFFIXES:
        header = read_header(path)
        return header.height, header.width
    with _opened(path) as raw:
        return raw.sizes.height, raw.sizes.width


def crop(pixels: np.ndarray) -> np.ndarray:
    """Cut an A7R IV's image to the paper's 9504x6344, any other centrally to sides that divide by 4.

    LibRaw shows 9568x6376 of an A7R IV's ARW, of which the paper's size is the centre. A DNG may show all
    9600 columns; it is cut at the same place of the sensor.

    Parameters
    ----------
    pixels
        (H, W, ...), any type.

    Returns
    -------
    ndarray
        A view of ``pixels``.
    """
    height, width = pixels.shape[:2]
    if height == RAW_SIZE[0] and width in (VISIBLE_WIDTH, RAW_SIZE[1]):
        (top, left), (height, width) = PAPER_ORIGIN, PAPER_SIZE
    else:
        top, left = height % RESIZE_FACTOR // 2, width % RESIZE_FACTOR // 2
        height, width = height - height % RESIZE_FACTOR, width - width % RESIZE_FACTOR
    return pixels[top : top + height, left : left + width]


def _already_developed(path: Path, white_balance: Multipliers | None, linear: bool) -> np.ndarray:
    if white_balance is not None:
        raise InputError(f"{path} is already developed; its white balance can only stay as it is (camera)")
    pixels = read_pixels(path)
    if pixels.dtype == np.uint8:
        pixels = pixels.astype(np.uint16) * 257
    if not linear:
        return pixels
    curve = np.rint(srgb_to_linear(np.arange(65536) / 65535) * 65535).astype(np.uint16)
    return curve[pixels]


@contextmanager
def _opened(path: Path) -> Iterator[rawpy.RawPy]:
    """The raw file, with LibRaw's errors turned into sentences for as long as it is open."""
    _refuse_what_is_no_raw(path)
    try:
        with rawpy.imread(str(path)) as raw:
            yield raw
    except rawpy.LibRawFileUnsupportedError as error:
        raise InputError(f"{path} is no raw file that LibRaw can read; give an ARW, DNG or another raw") from error
    except rawpy.LibRawIOError as error:
        raise InputError(f"{path} is truncated or damaged; copy it from the camera again") from error
    except rawpy.LibRawError as error:
        raise InputError(f"{path} cannot be developed ({_words(error)}); copy it from the camera again") from error


def _refuse_what_is_no_raw(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(3)
            end_of_pixels = Tiff(file).end_of_pixels()
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; give a raw file that can be read") from error
    if not start:
        raise InputError(f"{path} is empty; copy it from the camera again")
    if start == _JPEG_SIGNATURE:
        raise InputError(f"{path} is a JPEG whatever its name says; give the camera's raw file")
    # LibRaw notices only while decoding, and then writes to stderr beside our one sentence.
    if size < end_of_pixels:
        raise InputError(f"{path} is truncated, {size} of {end_of_pixels} bytes; copy it from the camera again")


def _words(error: rawpy.LibRawError) -> str:
    words = error.args[0] if error.args else type(error).__name__
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
