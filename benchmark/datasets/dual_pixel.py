"""Dual-pixel images in DPDD's layout: ``{split}_{c,l,r}/source`` and ``{split}_c/target``, paired and checked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.base import list_images
from benchmark.datasets.layout import pair_in_order
from realdof.common.errors import InputError
from realdof.images.files import read_pixels

VIEWS = {
    "image": "{split}_c/source",
    "left": "{split}_l/source",
    "right": "{split}_r/source",
    "target": "{split}_c/target",
}
"""Each image's folder."""
LARGEST_GAP = 2
"""Largest difference between the frame numbers of the images of one scene: in DPDD -1, +1 and -2 occur."""
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
        """List the files of a split and group the four images of every scene.

        Raises
        ------
        InputError
            A folder is missing or empty, or an image has no partner; see `pair_views`.
        """
        return cls(tuple(pair_views(list_views(root, split)).values()))

    def __len__(self) -> int:
        return len(self.files)

    def load(self, index: int) -> dict[str, NDArray[np.uint8] | NDArray[np.uint16]]:
        """Read the four images of a scene as stored, uint8 or uint16 (H, W, 3) RGB.

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
    """Convert stored pixels to float32 in [0, 1]."""
    return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)


def list_views(root: Path, split: str, names: Iterable[str] = tuple(VIEWS)) -> dict[str, dict[str, Path]]:
    """List the images of the given `VIEWS`, each by name without suffix, sorted.

    Raises
    ------
    InputError
        A folder is missing or empty.
    """
    return {name: list_images(root / VIEWS[name].format(split=split)) for name in names}


def pair_views(listed: Mapping[str, Mapping[str, Path]]) -> dict[str, dict[str, Path]]:
    """Group the images of every scene by view; the scene's name is that of its ``image``.

    The names within a scene are equal, or end in frame numbers that differ by at most `LARGEST_GAP`.

    Parameters
    ----------
    listed
        Result of `list_views`; it must include ``image``.

    Raises
    ------
    InputError
        The folders hold different numbers of images, or two images at the same place in the sorted order do not match.
    """
    paired = {name: pair_in_order(listed["image"], images, LARGEST_GAP) for name, images in listed.items()}
    return {scene: {name: images[scene] for name, images in paired.items()} for scene in listed["image"]}
