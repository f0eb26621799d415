"""Training data in DPDD's layout: ``train_{c,l,r}/source`` and ``train_c/target``, paired by sorted order."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from realdof.common.errors import InputError
from realdof.images.files import read_pixels

VIEWS = {
    "image": "{split}_c/source",
    "left": "{split}_l/source",
    "right": "{split}_r/source",
    "target": "{split}_c/target",
}
IN_MEMORY_BYTES = 4 * 2**30
"""A set smaller than this once decoded is kept in memory."""


@dataclass(frozen=True)
class DualPixelFolder:
    """The four aligned images of every scene of one split of a data set in DPDD's layout.

    Parameters
    ----------
    files
        For each scene the paths of ``image``, ``left``, ``right`` and ``target``.
    """

    files: tuple[dict[str, Path], ...]

    @classmethod
    def open(cls, root: Path, split: str = "train") -> "DualPixelFolder":
        """List a split and check that every scene has its four images.

        Raises
        ------
        InputError
            A view's folder is missing or empty, or the views differ in number.
        """
        listed = {name: _images_in(root / pattern.format(split=split)) for name, pattern in VIEWS.items()}
        counts = {name: len(paths) for name, paths in listed.items()}
        if len(set(counts.values())) > 1:
            found = ", ".join(f"{count} {name}" for name, count in counts.items())
            raise InputError(f"{root} has {found} images in its {split} split; every scene needs one of each")
        scenes = zip(*listed.values(), strict=True)
        return cls(tuple(dict(zip(listed, scene, strict=True)) for scene in scenes))

    def __len__(self) -> int:
        return len(self.files)

    def load(self, index: int) -> dict[str, NDArray[np.uint8] | NDArray[np.uint16]]:
        """The four images of a scene as they are stored, uint8 or uint16 (H, W, 3) RGB.

        Raises
        ------
        InputError
            An image cannot be read, or the four differ in size or bit depth.
        """
        images = {name: read_pixels(path) for name, path in self.files[index].items()}
        shapes = {(image.shape, image.dtype) for image in images.values()}
        if len(shapes) > 1:
            found = ", ".join(
                f"{name} {image.shape[1]}x{image.shape[0]} {image.dtype}" for name, image in images.items()
            )
            raise InputError(f"the views of {self.files[index]['image']} differ: {found}; all must be alike")
        return images


def as_float(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.float32]:
    """Stored pixels as float32 in [0, 1]."""
    return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)


def _images_in(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() in {".png", ".tif", ".tiff"})
    if not paths:
        raise InputError(f"{folder} holds no PNG or TIFF images; DPDD's layout has them there")
    return paths
