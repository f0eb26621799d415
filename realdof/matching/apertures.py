"""Align two shots of one camera at two apertures, between which focus breathing and the tripod moved the image.

There is no sharp reference pair to align: one of the two photographs is defocused, and blur makes correlation inexact.
So the all-in-focus image is first blurred locally as the blur map says. Then the two align like a reference pair, and
the blur map is measured again on the aligned image.
"""

from dataclasses import replace

import numpy as np

from realdof.alignment.estimate import Alignment, AlignmentSettings, estimate_homography
from realdof.geometry.grid import Grid, normalised
from realdof.geometry.warp import warp_to_grid
from realdof.images.colour import linear_to_srgb, srgb_to_linear
from realdof.images.depth import as_float
from realdof.matching.blur import blur_map, blurred_like

# Breathing of 0.3 % moves the corners of 2376x1586 by 4 px; the second round starts within 0.1 px of the result.
_ROUNDS = 2


def align_apertures(defocused: np.ndarray, all_in_focus: np.ndarray, settings: AlignmentSettings) -> Alignment:
    """Align two photographs of one fixed camera at a wide and at a narrow aperture.

    Parameters
    ----------
    defocused, all_in_focus
        uint8, uint16 or float32 in [0, 1], (H, W, 3), sRGB-encoded, of one size, at least 128 px a side.

    Returns
    -------
    Alignment
        From the defocused image to the all-in-focus one; failures give one with the verdict rejected, as in
        ``estimate_homography``.
    """
    grid = Grid.of(defocused)
    fixed = as_float(defocused)
    unmirrored = replace(settings, mirrored=False)
    matrix, iterations = np.eye(3), 0
    for _ in range(_ROUNDS):
        moved = np.clip(warp_to_grid(all_in_focus, matrix, grid), 0, 1)
        found = estimate_homography(fixed, as_defocused(fixed, moved), unmirrored)
        iterations += found.iterations
        if found.verdict == "rejected":
            break
        matrix = matrix @ found.matrix
    rows = tuple((a, b, c) for a, b, c in normalised(matrix).tolist())
    return replace(found, homography=rows, iterations=iterations)


def as_defocused(defocused: np.ndarray, all_in_focus: np.ndarray) -> np.ndarray:
    """Blur an all-in-focus image like its aligned defocused image: float32 (H, W, 3), sRGB-encoded."""
    blur = blur_map(defocused, all_in_focus)
    light = np.asarray(srgb_to_linear(all_in_focus), np.float32)
    return np.asarray(np.clip(linear_to_srgb(blurred_like(light, blur, scale=1.0)), 0, 1), np.float32)
