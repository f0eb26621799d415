"""The one real A7R IV raw file that can be had by name and hash: DSC8101.ARW, as Adobe's DNG SDK samples hold it.

The source distribution of ``dngpy`` carries these samples. The file is a DNG with JPEG XL compression, which LibRaw
cannot read, so its mosaic is decoded here and written as the uncompressed ARW that it once was. Adobe's terms do not
let others hand the samples on: it is fetched when it is wanted, into the user's cache, and belongs in no repository.
"""

import importlib
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import numpy as np
import tifffile
from package_index import fetch_sdist, read_member

from realdof.common.errors import InputError
from realdof.common.files import cache_folder
from realdof.raw.cameras import A7R_IV
from realdof.raw.containers import find_metadata
from realdof.raw.exif import exif_of
from realdof.raw.tiff import Tiff
from realdof.raw.write import write_arw

_PROJECT, _VERSION = "dngpy", "0.1.3"
_SHA256 = "10d84ff5b1b3b3bd72e92e4fa94a02e90f5e2d369297d0e10f90be91fd2345a8"
_MEMBER = "dngpy-0.1.3/extern/sample_files/03_jxl_bayer_raw_integer.dng"
_MEMBER_BYTES = 25_194_426
_AS_SHOT_NEUTRAL = 50728


def fetch_real_raw() -> Path:
    """Fetch the real raw file (77.8 MB from the package index), or find it in the cache.

    Returns
    -------
    Path
        An uncompressed ARW of 122 MB: ILCE-7RM4, 105 mm, F11, 1/25 s, ISO 100.

    Raises
    ------
    InputError
        The package index cannot be reached, or imagecodecs, which decodes JPEG XL, is not installed.
    """
    path = cache_folder() / "real-raw" / "DSC8101.ARW"
    if not path.exists():
        _require_jpeg_xl()
        archive = fetch_sdist(_PROJECT, _VERSION, _SHA256)
        _convert(read_member(archive, _MEMBER, _MEMBER_BYTES), path)
    return path


def _require_jpeg_xl() -> None:
    try:
        importlib.import_module("imagecodecs")
    except ImportError as error:
        raise InputError(
            "the real raw file is compressed with JPEG XL; pip install imagecodecs to decode it"
        ) from error


def _convert(dng: bytes, path: Path) -> None:
    """Write the mosaic and the EXIF of the DNG as an ARW."""
    tiff = Tiff(BytesIO(dng))
    red, green, blue = tiff.numbers(tiff.main, _AS_SHOT_NEUTRAL)
    with tifffile.TiffFile(BytesIO(dng)) as file:
        # tifffile's types do not tell a page with subpages from one without.
        mosaic = interleave(cast(Any, file.pages[0]).pages[0].asarray())
    height, width = (A7R_IV.raw_height, A7R_IV.raw_width)
    write_arw(path, mosaic[:height, :width], exif_of(find_metadata(BytesIO(dng))), (green / red, 1.0, green / blue))


def interleave(fields: np.ndarray) -> np.ndarray:
    """Put the four fields of a mosaic, stored as its quarters, back between each other.

    DNG 1.7, RowInterleaveFactor and ColumnInterleaveFactor of 2: compression works better on the single colours.

    Parameters
    ----------
    fields
        (H, W), even sides.

    Returns
    -------
    ndarray
        (H, W), the same type.
    """
    height, width = fields.shape
    return fields.reshape(2, height // 2, 2, width // 2).transpose(1, 0, 3, 2).reshape(height, width)
