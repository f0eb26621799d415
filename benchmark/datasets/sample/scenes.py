"""The scenes of data set `sample`: photograph, depth and lens of each."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from realdof.optics.lens import ThinLens

GENERATOR_VERSION = 1
"""Raised whenever the same parameters would give other pixels."""
MOTORCYCLE_FOCAL_PX, MOTORCYCLE_BASELINE_M, MOTORCYCLE_OFFSET_PX = 994.978, 0.193001, 31.086
"""Calibration of the stereo pair, as scikit-image's documentation of ``stereo_motorcycle`` gives it."""


@dataclass(frozen=True)
class Scene:
    """One scene.

    Parameters
    ----------
    name
        Of the image.
    photograph
        File of scikit-image's data folder.
    depth
        ``planar``: the first of ``distances``; ``slanted``: a plane in space from the first at the top to the
        second at the bottom; ``stepped``: bands of equal height from the top; ``measured``: the stereo pair's.
    distances
        m.
    lens
        With which it is taken; the pixel pitch is that of a sensor 36 mm wide at the photograph's width.
    """

    name: str
    photograph: str
    depth: Literal["planar", "slanted", "stepped", "measured"]
    lens: ThinLens
    distances: tuple[float, ...] = field(default=())


def _lens(width: int, focal_length_mm: float, f_number: float, focus_m: float) -> ThinLens:
    return ThinLens(focal_length_mm, f_number, focus_m, round(36_000 / width, 3))


SCENES = (
    Scene("astronaut_planar", "astronaut.png", "planar", _lens(512, 85, 2.0, 2.0), (2.5,)),
    Scene("astronaut_slanted", "astronaut.png", "slanted", _lens(512, 85, 1.8, 2.0), (3.0, 1.6)),
    Scene("chelsea_nearly_sharp", "chelsea.png", "slanted", _lens(451, 85, 2.0, 1.5), (1.6, 1.44)),
    Scene("chelsea_slanted", "chelsea.png", "slanted", _lens(451, 85, 1.4, 1.5), (1.9, 1.32)),
    Scene("coffee_slanted", "coffee.png", "slanted", _lens(600, 85, 1.8, 0.9), (1.15, 0.85)),
    Scene("coffee_stepped", "coffee.png", "stepped", _lens(600, 85, 2.8, 0.95), (1.15, 1.0, 0.9)),
    Scene("motorcycle_far", "motorcycle_left.png", "measured", _lens(741, 85, 1.4, 4.5)),
    Scene("motorcycle_near", "motorcycle_left.png", "measured", _lens(741, 85, 2.0, 2.3)),
    Scene("rocket_planar", "rocket.jpg", "planar", _lens(640, 135, 1.8, 6.0), (9.0,)),
    Scene("rocket_stepped", "rocket.jpg", "stepped", _lens(640, 135, 1.8, 8.0), (11.5, 9.5, 8.0, 7.0)),
)


def depth_of(scene: Scene, height: int, width: int, disparity: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """Distance of every pixel from the lens.

    Parameters
    ----------
    disparity
        The stereo pair's, float (height, width), px of the left image, not finite where it is unknown; needed
        for ``measured`` depth alone.

    Returns
    -------
    ndarray
        float64 (height, width), m.
    """
    if scene.depth == "measured":
        if disparity is None:
            raise ValueError(f"{scene.name} needs the stereo pair's disparity")
        return _depth_from(disparity)
    rows = (np.arange(height) + 0.5) / height
    if scene.depth == "slanted":
        top, bottom = scene.distances
        # Inverse depth is what is linear across the image of a plane in space.
        column = 1 / (1 / top + rows * (1 / bottom - 1 / top))
    else:
        column = np.asarray(scene.distances)[
            np.minimum((rows * len(scene.distances)).astype(int), len(scene.distances) - 1)
        ]
    return np.repeat(column[:, None], width, axis=1)


def _depth_from(disparity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Triangulate; where the stereo pair gives no disparity the nearest pixel's that has one stands in."""
    known = np.isfinite(disparity)
    # Imported here: listing data sets needs none of it.
    from scipy import ndimage

    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    filled = disparity[tuple(nearest)]
    return MOTORCYCLE_FOCAL_PX * MOTORCYCLE_BASELINE_M / (filled + MOTORCYCLE_OFFSET_PX)
