"""IFAN's training patches: drawn from data in DPDD's layout, augmented."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.dual_pixel import IN_MEMORY_BYTES, VIEWS, DualPixelFolder, as_float
from ifan.augmentation import Augmentation
from realdof.errors import InputError
from realdof.headers import read_header

SHARP = 1e-5
"""Mean squared error of two patches that are as good as equal, of 1.0 full scale: 50 dB."""


def check_images(scenes: DualPixelFolder, augmentation: Augmentation) -> None:
    """Look at the header of every image, so that a training does not meet the odd one hours later.

    Raises
    ------
    InputError
        A file is no image or cut short, a scene is too small for the crop, its views differ, or the depth does.
    """
    needed = round(augmentation.crop / augmentation.smallest_scale)
    bits = read_header(scenes.files[0]["image"]).bits
    for files in scenes.files:
        headers = {name: read_header(path) for name, path in files.items()}
        height, width = headers["image"].height, headers["image"].width
        if min(height, width) < needed:
            raise InputError(
                f"{files['image']} is {width}x{height}; a crop of {augmentation.crop} px scaled by "
                f"{augmentation.smallest_scale} needs {needed} px on each side, so give a smaller --crop"
            )
        for name, header in headers.items():
            if (header.height, header.width) != (height, width):
                raise InputError(
                    f"{files[name]} is {header.width}x{header.height} and {files['image']} {width}x{height}; "
                    "the views of a scene must be alike"
                )
            if header.bits != bits:
                raise InputError(
                    f"{files[name]} has {header.bits} bits and {scenes.files[0]['image']} {bits}; "
                    "give a set of one bit depth"
                )


def is_sharp(patch: dict[str, NDArray[np.float32]]) -> bool:
    """Whether defocused and all-in-focus image are all but equal, so that there is little to learn from them."""
    return float(np.square(patch["image"] - patch["target"]).mean()) < SHARP


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

    Raises
    ------
    InputError
        See `check_images`.
    """

    def __init__(self, scenes: DualPixelFolder, augmentation: Augmentation, batch: int, seed: int) -> None:
        self.scenes = scenes
        self.augmentation = augmentation
        self.batch = batch
        self.seed = seed
        check_images(scenes, augmentation)
        total = len(scenes) * sum(image.nbytes for image in scenes.load(0).values())
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
        while True:
            patch = self._any_patch(random)
            if random.random() >= self.augmentation.skip_sharp or not is_sharp(patch):
                return patch

    def _any_patch(self, random: np.random.Generator) -> dict[str, NDArray[np.float32]]:
        index = int(random.integers(len(self.scenes)))
        stored = self._memory[index] if self._memory is not None else self.scenes.load(index)
        # Only the patch is turned to float: the whole image would cost more than the rest of the batch.
        side = min(round(self.augmentation.crop / self.augmentation.smallest_scale), *stored["image"].shape[:2])
        height, width = stored["image"].shape[:2]
        top, left = int(random.integers(height - side + 1)), int(random.integers(width - side + 1))
        region = {name: as_float(image[top : top + side, left : left + side]) for name, image in stored.items()}
        return self.augmentation(region, random)
