"""The smallest overlap with which tiles give the whole image to 1e-4, for given weights: run it, no test does.

python tests/performance/tile_overlap.py [--weights FILE] [--variant ifan] [--image PHOTOGRAPH] [--side 1792]

What a pixel of the result depends on reaches up to 519 px (the receptive radius), but trained weights hardly use the
outermost part of it. An image is therefore cut once down the middle of its width, and the overlap is halved and refined
on multiples of 8 until the largest difference to the whole image passes 1e-4. The result holds for these weights and
this image; SAFE_OVERLAP holds for all.
"""

import argparse
from pathlib import Path

import numpy as np
import skimage.data
import torch

from benchmark.tiling import MULTIPLE, SAFE_OVERLAP
from ifan.cards import CARDS
from ifan.method import IFANMethod
from realdof.common.memory import keep_blocks
from realdof.images.depth import image_from_pixels
from realdof.images.files import read_pixels

TOLERANCE = 1e-4


def seam_error(method: IFANMethod, image: torch.Tensor, whole: torch.Tensor, overlap: int) -> float:
    """Largest difference between the left half computed with an overlap and the whole image's."""
    middle = image.shape[-1] // 2 // MULTIPLE * MULTIPLE
    part = method.compute([image[:, :, : middle + overlap]])
    return float((part[:, :, :middle] - whole[:, :, :middle]).abs().max())


def test_image(height: int, width: int) -> torch.Tensor:
    """Photographs that come with scikit-image, side by side and mirrored to fill the size; float32 (3, H, W)."""
    row = np.concatenate([skimage.data.coffee(), skimage.data.chelsea()[:, :, :].repeat(2, 0)[:400]], axis=1)
    tiled = np.pad(row, ((0, max(0, height - 400)), (0, max(0, width - row.shape[1])), (0, 0)), mode="symmetric")
    return image_from_pixels(np.ascontiguousarray(tiled[:height, :width]))


def main() -> None:
    """Print the error of every overlap that was tried, and the smallest that passes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", default="synthetic")
    parser.add_argument("--variant", default="ifan", choices=CARDS)
    parser.add_argument("--image", type=Path)
    parser.add_argument("--height", type=int, default=320)
    parser.add_argument("--side", type=int, default=1792)
    options = parser.parse_args()
    keep_blocks()
    method = CARDS[options.variant].load(options.weights)
    image = image_from_pixels(read_pixels(options.image)) if options.image else test_image(options.height, options.side)
    whole = method.compute([image])
    passing, failing = SAFE_OVERLAP, 0
    while passing - failing > MULTIPLE:
        overlap = (passing + failing) // 2 // MULTIPLE * MULTIPLE
        error = seam_error(method, image, whole, overlap)
        print(f"overlap {overlap:3}: largest difference {error:.1e}", flush=True)
        passing, failing = (overlap, failing) if error <= TOLERANCE else (passing, overlap)
    print(f"{passing} px is the smallest overlap within {TOLERANCE:.0e}; with {SAFE_OVERLAP} px the difference is "
          f"{seam_error(method, image, whole, SAFE_OVERLAP):.1e}")  # fmt: skip


if __name__ == "__main__":
    main()
