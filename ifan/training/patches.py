"""Training patches: cut from a data set in DPDD's layout, or rendered when needed; then augmented."""

import math
from abc import ABC, abstractmethod
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.datasets.dual_pixel import IN_MEMORY_BYTES, VIEWS, DualPixelFolder, as_float
from ifan.training.augmentation import Augmentation
from ifan.training.sources import Pixels, Source, read_source
from ifan.training.synthesis import Synthesis, render_scene
from realdof.common.errors import InputError
from realdof.images.headers import read_header

SHARP = 1e-5
"""Mean squared error below which two patches count as equal, of 1.0 full scale: 50 dB."""
PHOTOGRAPHS_KEPT = 32
"""Number of photographs that each rendering process keeps in memory."""


def check_images(scenes: DualPixelFolder, augmentation: Augmentation) -> None:
    """Check the header of every image, so that a training does not fail on one hours later.

    Raises
    ------
    InputError
        A file is not an image or is truncated, a scene is too small for the crop, or views differ in size or bit depth.
    """
    needed = augmentation.reach
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
    """Return whether defocused and all-in-focus image are almost equal, so that there is little to learn."""
    return float(np.square(patch["image"] - patch["target"]).mean()) < SHARP


class Patches(ABC):
    """Batches of augmented patches; each patch depends only on (seed, step, place in the batch).

    Parameters
    ----------
    augmentation
        The augmentation that turns part of a scene into a patch.
    batch
        Patches per iteration, over all processes.
    """

    def __init__(self, augmentation: Augmentation, batch: int, seed: int) -> None:
        self.augmentation = augmentation
        self.batch = batch
        self.seed = seed

    def __call__(self, step: int, process: int, processes: int) -> dict[str, Tensor]:
        """Return this process's share of the batch of iteration ``step``: float32 (B, 3, crop, crop) by name."""
        share = range(process * self.batch // processes, (process + 1) * self.batch // processes)
        patches = [self._patch(np.random.default_rng((self.seed, step, place))) for place in share]
        return {
            name: torch.from_numpy(np.stack([patch[name] for patch in patches]).transpose(0, 3, 1, 2).copy())
            for name in VIEWS
        }

    def _patch(self, random: np.random.Generator) -> dict[str, NDArray[np.float32]]:
        while True:
            patch = self.augmentation(self.region(random), random)
            if random.random() >= self.augmentation.skip_sharp or not is_sharp(patch):
                return patch

    @property
    def ready(self) -> bool:
        """Whether patches are so cheap that no other process needs to prepare them."""
        return False

    @abstractmethod
    def region(self, random: np.random.Generator) -> dict[str, NDArray[np.float32]]:
        """Return part of a scene, as large as the augmentation needs: float32 (side, side, 3) in [0, 1] by name."""


class FolderPatches(Patches):
    """Patches of a data set in DPDD's layout.

    Parameters
    ----------
    scenes
        The scenes.
    in_memory
        Whether to keep the images in memory, if there are few enough.

    Raises
    ------
    InputError
        See `check_images`.
    """

    def __init__(
        self, scenes: DualPixelFolder, augmentation: Augmentation, batch: int, seed: int, *, in_memory: bool = True
    ) -> None:
        super().__init__(augmentation, batch, seed)
        self.scenes = scenes
        check_images(scenes, augmentation)
        total = len(scenes) * sum(image.nbytes for image in scenes.load(0).values())
        kept = in_memory and total <= IN_MEMORY_BYTES
        self._memory = [scenes.load(index) for index in range(len(scenes))] if kept else None

    @property
    def ready(self) -> bool:
        """Whether all images are in memory."""
        return self._memory is not None

    def region(self, random: np.random.Generator) -> dict[str, NDArray[np.float32]]:
        """Return a part of a random scene."""
        index = int(random.integers(len(self.scenes)))
        stored = self._memory[index] if self._memory is not None else self.scenes.load(index)
        # Only the patch is converted to float; converting the image would take longer than the rest of the batch.
        side = min(self.augmentation.reach, *stored["image"].shape[:2])
        height, width = stored["image"].shape[:2]
        top, left = int(random.integers(height - side + 1)), int(random.integers(width - side + 1))
        return {name: as_float(image[top : top + side, left : left + side]) for name, image in stored.items()}


class RenderedPatches(Patches):
    """Patches of newly rendered scenes, a different one for each patch: see `ifan.training.synthesis`.

    Parameters
    ----------
    sources
        Sharp photographs, each with its depth map or None.
    synthesis
        Properties of the scenes, except their size, which follows from the augmentation.

    Raises
    ------
    InputError
        A photograph cannot be read, or is too small.
    """

    def __init__(
        self, sources: list[Source], synthesis: Synthesis, augmentation: Augmentation, batch: int, seed: int
    ) -> None:
        super().__init__(augmentation, batch, seed)
        # The surroundings of a scene are unknown, so the margin into which they would blur is left out.
        self.margin = math.ceil(synthesis.largest_radius)
        self.synthesis = replace(synthesis, size=augmentation.reach + 2 * self.margin)
        self.sources = sources
        for photograph, depth in sources:
            read_source(photograph, depth, self.synthesis.size)

    def region(self, random: np.random.Generator) -> dict[str, NDArray[np.float32]]:
        """Return the inner part of a newly rendered scene."""
        photograph, depth = read(*self.sources[int(random.integers(len(self.sources)))], self.synthesis.size)
        scene = render_scene(photograph, self.synthesis, (int(random.integers(2**63)),), depth)
        inner = slice(self.margin, self.margin + self.augmentation.reach)
        return {name: as_float(image[inner, inner]) for name, image in scene.items()}


@lru_cache(maxsize=PHOTOGRAPHS_KEPT)
def read(photograph: Path, depth: Path | None, size: int) -> tuple[Pixels, Pixels | None]:
    """Read a photograph and its depth map, and cache them; see `read_source`."""
    return read_source(photograph, depth, size)
