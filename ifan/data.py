"""Training data in DPDD's layout: ``train_{c,l,r}/source`` and ``train_c/target``, paired by sorted order."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ifan.augmentation import Augmentation
from realdof.errors import InputError
from realdof.images import read_pixels

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


class PatchSource:
    """Batches of augmented patches, each drawn from (seed, step, process) alone.

    Parameters
    ----------
    scenes
        What to draw from.
    augmentation
        How a scene becomes a patch.
    batch
        Patches an iteration, over all processes.
    """

    def __init__(self, scenes: DualPixelFolder, augmentation: Augmentation, batch: int, seed: int) -> None:
        self.scenes = scenes
        self.augmentation = augmentation
        self.batch = batch
        self.seed = seed
        first = scenes.load(0)
        needed = round(augmentation.crop / augmentation.smallest_scale)
        height, width = first["image"].shape[:2]
        if min(height, width) < needed:
            raise InputError(
                f"{scenes.files[0]['image']} is {width}x{height}; a crop of {augmentation.crop} px scaled by "
                f"{augmentation.smallest_scale} needs {needed} px on each side, so give a smaller --crop"
            )
        total = len(scenes) * sum(image.nbytes for image in first.values())
        self._memory = [scenes.load(index) for index in range(len(scenes))] if total <= IN_MEMORY_BYTES else None

    def __call__(self, step: int, process: int, processes: int) -> dict[str, Tensor]:
        """This process's share of the batch of iteration ``step``: float32 (B, 3, crop, crop) by name."""
        share = range(process * self.batch // processes, (process + 1) * self.batch // processes)
        patches = [self._patch(np.random.default_rng((self.seed, step, place))) for place in share]
        return {
            name: torch.from_numpy(np.stack([patch[name] for patch in patches]).transpose(0, 3, 1, 2).copy())
            for name in VIEWS
        }

    def _patch(self, random: np.random.Generator) -> dict[str, NDArray[np.float32]]:
        index = int(random.integers(len(self.scenes)))
        stored = self._memory[index] if self._memory is not None else self.scenes.load(index)
        # Only the patch is turned to float: the whole image would cost more than the rest of the batch.
        side = min(round(self.augmentation.crop / self.augmentation.smallest_scale), *stored["image"].shape[:2])
        height, width = stored["image"].shape[:2]
        top, left = int(random.integers(height - side + 1)), int(random.integers(width - side + 1))
        region = {name: _as_float(image[top : top + side, left : left + side]) for name, image in stored.items()}
        return self.augmentation(region, random)


def _as_float(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.float32]:
    return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)


def _images_in(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() in {".png", ".tif", ".tiff"})
    if not paths:
        raise InputError(f"{folder} holds no PNG or TIFF images; DPDD's layout has them there")
    return paths
