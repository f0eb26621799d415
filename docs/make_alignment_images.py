"""Draws the pictures of the pages on alignment and exposure: python docs/make_alignment_images.py

From scikit-image's photographs alone, as two simulated cameras see them.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "realdof"))

from view_pairs import photograph, scene, view_pair

from realdof.alignment.estimate import AlignmentSettings, estimate_homography
from realdof.geometry.grid import Grid
from realdof.geometry.warp import warp_to_grid
from realdof.images.files import write_pixels
from realdof.matching.photometry import PhotometricMethod, apply_photometry, fit_photometry
from realdof.optics.lens import disc_kernel

IMAGES = Path(__file__).parent / "images"
HEIGHT, WIDTH, GAP = 232, 348, 6
METHODS: tuple[PhotometricMethod, ...] = ("mean-std", "lowpass-linear")


def beside(images: list[np.ndarray]) -> np.ndarray:
    """Images in [0, 1] as 8 bits, side by side with a white gap."""
    white = np.ones((HEIGHT, GAP, 3))
    parts = [part for image in images for part in (image, white)][:-1]
    return np.rint(np.clip(np.concatenate(parts, axis=1), 0, 1) * 255).astype(np.uint8)


def anaglyph(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """One image in red, the other in green and blue: grey where they agree."""
    grey, other = (image.mean(axis=2) for image in (first, second))
    return np.dstack([grey, other, other])


def alignment() -> np.ndarray:
    """Both cameras' photographs, and one over the other: the mirror undone, and aligned."""
    pair = view_pair(2, HEIGHT, WIDTH, shift=14, perspective=3, leaves=400, noise=0.02)
    found = estimate_homography(pair.reference, pair.moving, AlignmentSettings())
    aligned = warp_to_grid(pair.moving, found.matrix, Grid(HEIGHT, WIDTH))
    overlays = [anaglyph(pair.reference, view) for view in (pair.moving[:, ::-1], aligned)]
    return beside([pair.reference, pair.moving, *overlays])


def exposure() -> np.ndarray:
    """A defocused image, and the all-in-focus image as two methods match it to that."""
    rng = np.random.default_rng(5)
    light = scene(rng, HEIGHT, WIDTH, leaves=400)
    blurred = cv2.filter2D(light, -1, disc_kernel(9.0).astype(np.float32), borderType=cv2.BORDER_REFLECT)
    defocused, sharp = photograph(rng, blurred, 1.0, 0.005), photograph(rng, light, 1.0, 0.02)
    matched = [apply_photometry(sharp, fit_photometry(defocused, sharp, method=method)) for method in METHODS]
    return beside([defocused, *matched, sharp])


if __name__ == "__main__":
    write_pixels(IMAGES / "alignment_pair.jpg", alignment())
    write_pixels(IMAGES / "exposure_match.jpg", exposure())
