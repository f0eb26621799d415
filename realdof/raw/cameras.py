"""Facts about camera models that the package uses, with their sources.

Values that a file contains (levels, white balance, visible area, orientation) are read from the file instead.
"""

from dataclasses import dataclass

import numpy as np

from realdof.geometry.grid import Region


@dataclass(frozen=True)
class Body:
    """A camera body's sensor and raw file.

    Attributes
    ----------
    model
        Model name as in EXIF; LibRaw chooses levels and colour matrix by it.
    raw_height, raw_width
        Size of the mosaic, px.
    visible_width
        Number of columns with an image: LibRaw crops an ARW to them, a DNG gives them in its active area.
    paper_crop
        The part that the paper keeps (supplement, section 1), within the visible area.
    black, white
        Black and white level of a 14-bit raw.
    pixel_pitch_um
        Distance between the centres of neighbouring pixels, um.
    camera_from_xyz
        float64 (3, 3), from CIE XYZ under D65 to the camera's colours.
    """

    model: str
    raw_height: int
    raw_width: int
    visible_width: int
    paper_crop: Region
    black: int
    white: int
    pixel_pitch_um: float
    camera_from_xyz: np.ndarray


@dataclass(frozen=True)
class SerialPlace:
    """The place of the body's serial number in block 0x9050 of Sony's maker note: offset and length, bytes."""

    offset: int
    length: int


# Sizes, levels and crop: measured on a real A7R IV raw, whose DNG says 9600x6376, 512 and 16383. Pixel pitch: 35.7 mm
# over 9504 px (Sony's specification of the ILCE-7RM4). Colour matrix: Adobe's, as LibRaw 0.22 has it, single precision.
A7R_IV = Body(
    model="ILCE-7RM4",
    raw_height=6376,
    raw_width=9600,
    visible_width=9568,
    paper_crop=Region(16, 32, 6344, 9504),
    black=512,
    white=16383,
    pixel_pitch_um=3.76,
    camera_from_xyz=(
        np.array([[7662, -2686, -660], [-5240, 12965, 2530], [-796, 1508, 6167]], np.float32) / np.float32(10_000)
    ).astype(np.float64),
)
"""The paper's camera; the ILCE-7RM4A has the same sensor and raw file."""

# LibRaw 0.22, src/metadata/sony.cpp: setSonyBodyFeatures and process_Sony_0x9050. Later models (ILCE-7RM5, 7CM2 ...)
# have another layout of the block, so it is not read for them.
_E_MOUNT_FROM_2015 = (
    "ILCE-6100 ILCE-6300 ILCE-6400 ILCE-6500 ILCE-6600 ILCE-7C ILCE-7M3 ILCE-7M4 ILCE-7RM2 ILCE-7RM3 ILCE-7RM3A "
    "ILCE-7RM4 ILCE-7RM4A ILCE-7SM2 ILCE-7SM3 ILCE-9 ILCE-9M2 ILCE-1 ILME-FX3 ILCA-99M2 ZV-E10"
)
_E_MOUNT_BEFORE = (
    "ILCE-7 ILCE-7R ILCE-7S ILCE-7M2 ILCE-3000 ILCE-5000 ILCE-5100 ILCE-6000 ILCE-QX1 NEX-3N NEX-5R NEX-5T NEX-6 "
    "NEX-F3 NEX-VG30 NEX-VG900"
)
_A_MOUNT = "SLT-A37 SLT-A57 SLT-A58 SLT-A65V SLT-A77V SLT-A99V SLT-A99 ILCA-68 ILCA-77M2"

SONY_SERIALS: dict[str, SerialPlace] = (
    dict.fromkeys(_E_MOUNT_FROM_2015.split(), SerialPlace(0x88, 6))
    | dict.fromkeys(_E_MOUNT_BEFORE.split(), SerialPlace(0x7C, 4))
    | dict.fromkeys(_A_MOUNT.split(), SerialPlace(0xF0, 5))
)
"""Places of the serial number by model; for other models the place is unknown."""
