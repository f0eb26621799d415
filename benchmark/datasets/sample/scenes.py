"""The scenes of data set `sample`: photograph, depth and lens of each."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from realdof.optics.lens import ThinLens

GENERATOR_VERSION = 1
"""Version of the generator; increased whenever the same parameters would give other pixels."""
MOTORCYCLE_FOCAL_PX, MOTORCYCLE_BASELINE_M, MOTORCYCLE_OFFSET_PX = 994.978, 0.193001, 31.086
"""Calibration of the stereo pair, as scikit-image's documentation of ``stereo_motorcycle`` gives it."""


@dataclass(frozen=True)
class Scene:
    """The parameters of one scene.

    Parameters
    ----------
    name
        The image's name.
    photograph
        File name in scikit-image's data folder.
    depth
        ``planar``: one distance; ``slanted``: a plane in space, from the first distance at the top to the second
        at the bottom; ``stepped``: bands of equal height, from the top; ``measured``: from the stereo pair.
    distances
        Distances from the lens, m.
    lens
        The lens; the pixel pitch is that of a sensor 36 mm wide at the photograph's width.
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
    """Compute the distance of every pixel from the lens.

    Parameters
    ----------
    disparity
        Disparity of the stereo pair, float (height, width), px of the left image, not finite where unknown; needed
        only for ``measured`` depth.

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
        # The inverse depth of a plane in space is linear across its image.
        column = 1 / (1 / top + rows * (1 / bottom - 1 / top))
    else:
        column = np.asarray(scene.distances)[
            np.minimum((rows * len(scene.distances)).astype(int), len(scene.distances) - 1)
        ]
    return np.repeat(column[:, None], width, axis=1)


def _depth_from(disparity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Triangulate the depth; a pixel without disparity takes that of the nearest pixel that has one."""
    known = np.isfinite(disparity)
    # Imported here, so that listing data sets does not load scipy.
    from scipy import ndimage

    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    filled = disparity[tuple(nearest)]
    return MOTORCYCLE_FOCAL_PX * MOTORCYCLE_BASELINE_M / (filled + MOTORCYCLE_OFFSET_PX)
