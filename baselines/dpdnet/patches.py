"""DPDNet's training patches: a grid with 60 % overlap, without the blurriest 30 % of each image's patches."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.datasets.dual_pixel import IN_MEMORY_BYTES, VIEWS, DualPixelFolder, as_float
from realdof.common.errors import InputError
from realdof.images.files import read_pixels

SOBEL_SIZES = (3, 7, 11, 15)


@dataclass(frozen=True)
class PatchGrid:
    """The grid on which patches are cut, after the paper's Section 5 and the released code.

    Parameters
    ----------
    size
        Side of a patch, px.
    overlap
        Share of a patch that overlaps with the next one.
    discarded
        Share of an image's patches that are dropped: those with the least sharpness energy.
    """

    size: int = 512
    overlap: float = 0.6
    discarded: float = 0.3

    def places(self, height: int, width: int) -> list[tuple[int, int]]:
        """Return top and left of every patch; the last patch of a row or column ends at the image border."""
        stride = max(1, int((1 - self.overlap) * self.size))
        return [(top, left) for top in self._starts(height, stride) for left in self._starts(width, stride)]

    def _starts(self, length: int, stride: int) -> list[int]:
        last = length - self.size
        return sorted({min(start, last) for start in range(0, length, stride)})

    def sharp_places(self, target: NDArray[np.uint8] | NDArray[np.uint16]) -> list[tuple[int, int]]:
        """Return top and left of the patches that remain after the blurriest all-in-focus patches are dropped.

        Parameters
        ----------
        target
            The all-in-focus image, uint8 or uint16 (H, W, 3) RGB.
        """
        places = self.places(*target.shape[:2])
        grey = cv2.cvtColor(target, cv2.COLOR_RGB2GRAY)
        energy = sharpness_energy(grey, places, self.size)
        least = set(np.argsort(energy, kind="stable")[: int(self.discarded * len(places))].tolist())
        return [place for index, place in enumerate(places) if index not in least]


def sharpness_energy(grey: np.ndarray, places: list[tuple[int, int]], size: int) -> NDArray[np.float64]:
    """Return each patch's sharpness relative to the other patches of its image, float64 (N,) in [0, 1].

    For each of four Sobel filter sizes the gradient magnitudes of a patch are summed and the sums scaled to [0, 1]; the
    result is the product. The filters read the image beyond the patch's border; the released code reflects the patch.

    Parameters
    ----------
    grey
        uint8 or uint16 (H, W).
    places, size
        Top and left of each patch, and its side, px.
    """
    energy = np.ones(len(places))
    for aperture in SOBEL_SIZES:
        across, down = (cv2.Sobel(grey, cv2.CV_64F, *order, ksize=aperture) for order in ((1, 0), (0, 1)))
        magnitude = cv2.magnitude(across, down)
        sums = np.array([magnitude[top : top + size, left : left + size].sum() for top, left in places])
        spread = np.ptp(sums)
        energy *= (sums - sums.min()) / spread if spread > 0 else 1
    return energy


class GridSource:
    """Batches of patches from a grid; every epoch has a new order, which depends only on (seed, epoch).

    Parameters
    ----------
    scenes
        The images to cut patches from.
    grid
        Where patches are cut.
    batch
        Patches an iteration, over all processes.
    """

    def __init__(self, scenes: DualPixelFolder, grid: PatchGrid, batch: int, seed: int) -> None:
        self.scenes, self.grid, self.batch, self.seed = scenes, grid, batch, seed
        self.places: list[tuple[int, int, int]] = []
        total = len(scenes) * sum(image.nbytes for image in scenes.load(0).values())
        self._kept = [scenes.load(index) for index in range(len(scenes))] if total <= IN_MEMORY_BYTES else None
        for index in range(len(scenes)):
            target = self._kept[index]["target"] if self._kept else read_pixels(scenes.files[index]["target"])
            height, width = target.shape[:2]
            if min(height, width) < grid.size:
                raise InputError(
                    f"{scenes.files[index]['target']} is {width}x{height}; patches of {grid.size} px do not fit, "
                    "so give a smaller --crop"
                )
            self.places += [(index, top, left) for top, left in grid.sharp_places(target)]

    @property
    def ready(self) -> bool:
        """Whether all images are in memory."""
        return self._kept is not None

    @property
    def steps_an_epoch(self) -> int:
        """Iterations of one epoch, in which every patch is used once."""
        return -(-len(self.places) // self.batch)

    def __call__(self, step: int, process: int, processes: int) -> dict[str, Tensor]:
        """Return this process's share of the batch of iteration ``step``: float32 (B, 3, size, size) by name, RGB."""
        share = range(process * self.batch // processes, (process + 1) * self.batch // processes)
        patches = [self._patch(*self.places[self._drawn(step * self.batch + place)]) for place in share]
        return {
            name: torch.from_numpy(np.stack([patch[name] for patch in patches]).transpose(0, 3, 1, 2).copy())
            for name in VIEWS
        }

    def _drawn(self, number: int) -> int:
        epoch, place = divmod(number, len(self.places))
        return int(_order(self.seed, epoch, len(self.places))[place])

    def _patch(self, index: int, top: int, left: int) -> dict[str, NDArray[np.float32]]:
        stored = self._kept[index] if self._kept else self.scenes.load(index)
        size = self.grid.size
        return {name: as_float(image[top : top + size, left : left + size]) for name, image in stored.items()}


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    return np.random.default_rng((seed, epoch)).permutation(count)
