"""ECC from coarse to fine against OpenCV's findTransformECC on the same pair, with the accuracy that each reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import cv2
import numpy as np
from view_pairs import corner_error, view_pair

from realdof.alignment.estimate import AlignmentSettings, estimate_homography
from realdof.alignment.pyramid import LumaPair, climb
from realdof.common.machine.threads import cores
from realdof.geometry.grid import from_integer_centres
from tests.performance.suite.measurement import Line, Measurement, in_turns

SETTINGS = {
    "findTransformECC with its own criteria (50 iterations, 1e-3)": (50, 1e-3),
    "findTransformECC as RealBlur's authors set it (300 iterations)": (300, -1.0),
}
SHIFTS = (3.0, 24.0)
"""px; by how much the two views differ at most, about."""


def measure(quick: bool) -> Iterator[Line]:
    """A line a pair and setting of OpenCV, each started from the identity, and one of the whole command."""
    cv2.setNumThreads(cores())
    height, width = (264, 396) if quick else (793, 1188)
    for shift in SHIFTS[:1] if quick else SHIFTS:
        views = view_pair(
            1, height, width, shift=shift, degrees=shift / 50, perspective=shift / 4, gain=1.2, mirrored=False,
            leaves=2000 if quick else 20_000,
        )  # fmt: skip
        pair = LumaPair.of(views.reference, views.moving)
        starts = {"identity": np.eye(3)}
        found: dict[str, np.ndarray] = {}

        def keep(name: str, matrix: Callable[[], np.ndarray], found: dict[str, np.ndarray] = found) -> None:
            found[name] = matrix()

        # The authors' setting takes 12 s whatever the pair.
        peers = list(SETTINGS) if shift == SHIFTS[0] else list(SETTINGS)[:1]
        forms: dict[str, Callable[[], np.ndarray]] = {name: partial(by_opencv, pair, *SETTINGS[name]) for name in peers}
        forms["floor"] = partial(by_opencv, pair, 1, -1.0)
        forms["ours"] = lambda pair=pair, starts=starts: climb(pair, starts, epsilon=1e-6).result.homography
        forms["whole"] = partial(whole, views.reference, views.moving)
        spent = in_turns({name: partial(keep, name, form) for name, form in forms.items()}, 3)
        error = {name: f"{corner_error(one, views.homography, height, width):.3g} px" for name, one in found.items()}
        what = f"{width}x{height}, about {shift:g} px apart"
        for name in peers:
            yield Measurement(
                "alignment", what, spent["ours"], spent[name], spent["floor"],
                f"peer: {name}; floor: one iteration of it; corner error {error[name]}, ours {error['ours']}",
            )  # fmt: skip
        yield Measurement(
            "alignment", f"{what}, with features, search for the mirror and verdict", spent["whole"],
            spent[peers[-1]], spent["floor"], f"peer: the same; corner error {error['whole']}",
        )  # fmt: skip


def by_opencv(pair: LumaPair, iterations: int, epsilon: float) -> np.ndarray:
    """Homography that OpenCV finds from the identity, or the identity where it gives up."""
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, iterations, epsilon)
    try:
        _, matrix = cv2.findTransformECC(
            pair.reference, pair.moving, np.eye(3, dtype=np.float32), cv2.MOTION_HOMOGRAPHY, criteria
        )
    except cv2.error:
        return np.eye(3)
    return from_integer_centres(np.asarray(matrix, np.float64))


def whole(reference: np.ndarray, moving: np.ndarray) -> np.ndarray:
    """What `realdof align` does."""
    return estimate_homography(reference, moving, AlignmentSettings()).matrix
