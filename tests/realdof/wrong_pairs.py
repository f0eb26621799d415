"""Pairs that no alignment should be accepted for, each of one kind, drawn by a seed."""

from collections.abc import Callable

import cv2
import numpy as np
from view_pairs import view_pair

Pair = tuple[np.ndarray, np.ndarray]
"""Reference and moving photograph, float32 (H, W, 3), sRGB-encoded."""


def other_scene(seed: int, height: int, width: int) -> Pair:
    """Two scenes of equal texture."""
    views = view_pair(seed, height, width, other_scene=True, **_rig(width, _leaves(seed)))  # type: ignore[arg-type]
    return views.reference, views.moving


def flat_wall(seed: int, height: int, width: int) -> Pair:
    """A soft gradient and noise, weak in some pairs and strong in others."""
    noise = float(np.random.default_rng(seed).choice([0.003, 0.01, 0.03]))
    views = view_pair(seed, height, width, content="sky", noise=noise, **_rig(width, 0))  # type: ignore[arg-type]
    return views.reference, views.moving


def repeated_pattern(seed: int, height: int, width: int) -> Pair:
    """A wallpaper with a period of 16 to 48 px: the shift is known only up to whole periods."""
    rng = np.random.default_rng(seed)
    period = int(rng.integers(16, 49))
    cell = rng.random((period, period, 3)).astype(np.float32)
    wall = np.tile(cell, (height // period + 4, width // period + 4, 1))
    wall = cv2.GaussianBlur(wall, (0, 0), float(rng.uniform(1.0, 2.0)))
    views = []
    for _ in range(2):
        top, left = rng.integers(0, 2 * period, 2).tolist()
        view = wall[top : top + height, left : left + width]
        views.append(np.clip(view + 0.01 * rng.standard_normal(view.shape, dtype=np.float32), 0, 1))
    return views[0], views[1]


def moved_object(seed: int, height: int, width: int) -> Pair:
    """A disc of 0.2 to 0.4 of the frame's height that went 2 to 12 px on between the two shutters."""
    rng = np.random.default_rng(seed)
    views = view_pair(seed, height, width, **_rig(width, _leaves(seed)))  # type: ignore[arg-type]
    angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(2, 12)
    matrix = np.array([[1, 0, far * np.cos(angle)], [0, 1, far * np.sin(angle)]])
    gone = cv2.warpAffine(views.moving, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    radius = rng.uniform(0.1, 0.2) * height
    x, y = rng.uniform(0.3, 0.7) * width, rng.uniform(0.3, 0.7) * height
    rows, columns = np.mgrid[:height, :width]
    inside = (np.hypot(columns - x, rows - y) < radius)[..., None]
    return views.reference, np.asarray(np.where(inside, gone, views.moving), np.float32)


def motion_blur(seed: int, height: int, width: int) -> Pair:
    """The moving camera shook: a streak of 5 to 20 px in a direction of its own."""
    rng = np.random.default_rng(seed)
    views = view_pair(seed, height, width, **_rig(width, _leaves(seed)))  # type: ignore[arg-type]
    length, angle = rng.uniform(5, 20), rng.uniform(0, np.pi)
    reach = int(length) + 2
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    for share in np.linspace(-0.5, 0.5, 400):
        x, y = reach + share * length * np.cos(angle), reach + share * length * np.sin(angle)
        kernel += cv2.warpAffine(
            np.float32([[1]]), np.float32([[1, 0, x], [0, 1, y]]), kernel.shape[::-1], flags=cv2.INTER_LINEAR
        )
    return views.reference, np.asarray(cv2.filter2D(views.moving, -1, kernel / kernel.sum()), np.float32)


KINDS: dict[str, Callable[[int, int, int], Pair]] = {
    "another scene": other_scene,
    "flat wall": flat_wall,
    "repeated pattern": repeated_pattern,
    "moved object": moved_object,
    "motion blur": motion_blur,
}


def _leaves(seed: int) -> int:
    return int(np.random.default_rng([seed, 1]).choice([500, 2000, 6000]))


def _rig(width: int, leaves: int) -> dict[str, object]:
    """Displacements in the proportion of 80 px to 2376."""
    return {"shift": width * 80 / 2376, "perspective": width * 6 / 2376, "leaves": leaves}
