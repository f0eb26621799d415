"""Write the recording of a simulated camera as a raw file or as a developed TIFF."""

import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import tifffile

from realdof.common.files import atomic_path
from realdof.raw.cameras import A7R_IV
from realdof.raw.develop import develop_cropped
from realdof.raw.sony_compression import LOSSY_MULTIPLE
from realdof.raw.write import Compression, write_arw, write_dng
from realdof.simulation.parameters import DAYLIGHT, FileFormat
from realdof.simulation.shots import Shot

_COMPRESSIONS: dict[FileFormat, Compression] = {"arw": "none", "arw-lossy": "lossy", "arw-lossless": "lossless"}
_F_NUMBER, _EXPOSURE_TIME = 33437, 33434


def write_shot(path: Path, file_format: FileFormat, mosaic: np.ndarray, shot: Shot) -> None:
    """Write a mosaic to a file with the suffix of the format.

    Parameters
    ----------
    mosaic
        uint16 (H, W), RGGB. Lossy compression drops the columns beyond the last multiple of 32.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    if file_format == "dng":
        write_dng(path.with_suffix(".dng"), mosaic, shot.exif, shot.white_balance, A7R_IV.camera_from_xyz)
    elif file_format == "tiff":
        _write_developed(path.with_suffix(".tiff"), mosaic, shot)
    else:
        compression = _COMPRESSIONS[file_format]
        if compression == "lossy":
            mosaic = mosaic[:, : mosaic.shape[1] // LOSSY_MULTIPLE * LOSSY_MULTIPLE]
        write_arw(path.with_suffix(".ARW"), mosaic, shot.exif, shot.white_balance, compression=compression)


def _write_developed(path: Path, mosaic: np.ndarray, shot: Shot) -> None:
    """Write a 16-bit TIFF with the white balance of the light, and with TIFF/EP tags for aperture and shutter time."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "shot.ARW"
        write_arw(raw, mosaic, shot.exif, shot.white_balance)
        pixels = develop_cropped(raw, (*DAYLIGHT, DAYLIGHT[1])).pixels
    tags = [
        (tag, 5, 1, Fraction(value).limit_denominator(10_000).as_integer_ratio(), True)
        for tag, value in ((_EXPOSURE_TIME, shot.exif.exposure_time), (_F_NUMBER, shot.exif.f_number))
        if value is not None
    ]
    with atomic_path(path) as temporary:
        tifffile.imwrite(temporary, pixels, photometric="rgb", extratags=tags, metadata=None, software="realdof")
