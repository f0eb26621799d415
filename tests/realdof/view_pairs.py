"""Two views of one known scene: sampled from a finer image by area averaging, so that the homography is exact."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import skimage.data

from realdof.geometry.grid import Grid, change_grid
from realdof.geometry.warp import warp
from realdof.images.colour import linear_to_srgb, srgb_to_linear
from realdof.images.depth import as_float
from realdof.images.resize import area_resize

_PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket")
_OTHER_PHOTOGRAPHS = ("camera", "moon", "coins", "gravel")
_SMALLEST_LEAF, _LARGEST_LEAF = 0.0006, 0.06
Content = Literal["photographs", "other photographs", "sky"]


@dataclass(frozen=True)
class ViewPair:
    """``reference`` and ``moving`` are float32 (H, W, 3), sRGB-encoded; ``homography`` maps the one to the other.

    The homography holds for half-pixel centres and includes the mirror.
    """

    reference: np.ndarray
    moving: np.ndarray
    homography: np.ndarray
    mirrored: bool


def scene(
    rng: np.random.Generator, height: int, width: int, content: Content = "photographs", leaves: int = 20_000
) -> np.ndarray:
    """A scene, float32 (height, width, 3) in linear light: enlarged photographs or a sky, under discs of all sizes."""
    if content == "sky":
        fall = np.linspace(210, 150, height)[:, None, None] * np.array([0.7, 0.85, 1.0])
        canvas = np.broadcast_to(fall.astype(np.uint8), (height, width, 3)).copy()
    else:
        names = _PHOTOGRAPHS if content == "photographs" else _OTHER_PHOTOGRAPHS
        canvas = _photographs(rng, height, width, names)
    # Radii with density r^-3 look the same at every scale, as photographs do.
    low, high = (_SMALLEST_LEAF * width) ** -2, (_LARGEST_LEAF * width) ** -2
    radii = (low + rng.random(leaves) * (high - low)) ** -0.5
    places = rng.random((leaves, 2)) * (width, height)
    colours = np.clip(rng.normal(rng.choice([70, 120, 190], (leaves, 1)), 40, (leaves, 3)), 0, 255)
    for (x, y), radius, colour in zip(places, radii, colours, strict=True):
        cv2.circle(canvas, (int(x * 16), int(y * 16)), int(radius * 16), colour.tolist(), -1, cv2.LINE_AA, 4)
    linear = srgb_to_linear((np.arange(256) / 255).astype(np.float32)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(linear[canvas], (0, 0), 1.5))


def _photographs(rng: np.random.Generator, height: int, width: int, names: tuple[str, ...]) -> np.ndarray:
    """Four of scikit-image's photographs, enlarged to fill the canvas."""
    size = (-(-width // 2), -(-height // 2))
    tiles = [
        cv2.resize(_colour(getattr(skimage.data, name)()), size, interpolation=cv2.INTER_CUBIC)
        for name in rng.permutation(names)
    ]
    mosaic = np.vstack([np.hstack(tiles[:2]), np.hstack(tiles[2:])])
    return np.ascontiguousarray(mosaic[:height, :width])


def _colour(photograph: np.ndarray) -> np.ndarray:
    return np.dstack([photograph] * 3) if photograph.ndim == 2 else photograph[..., :3]


def homography(
    rng: np.random.Generator,
    height: int,
    width: int,
    *,
    degrees: float,
    shift: float,
    perspective: float,
    mirrored: bool,
) -> np.ndarray:
    """A homography with a rotation about the centre, a shift and moved corners (px), each up to its value."""
    centre = np.array([[1, 0, width / 2], [0, 1, height / 2], [0, 0, 1.0]])
    angle = np.deg2rad(rng.uniform(-degrees, degrees))
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    turn[:2, 2] = rng.uniform(-shift, shift, 2)
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    moved = corners + rng.uniform(-perspective, perspective, (4, 2)).astype(np.float32)
    keystone = cv2.getPerspectiveTransform(corners, moved)
    mirror = np.array([[-1, 0, width], [0, 1, 0], [0, 0, 1.0]]) if mirrored else np.eye(3)
    result = mirror @ centre @ turn @ np.linalg.inv(centre) @ keystone
    return result / result[2, 2]


def sample(canvas: np.ndarray, to_canvas: np.ndarray, height: int, width: int, finer: int) -> np.ndarray:
    """View of ``canvas`` on a ``height`` x ``width`` grid: each pixel is the mean of ``finer``² samples.

    ``to_canvas`` maps the view's grid to the canvas (half-pixel centres).
    """
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    fine = np.linalg.inv(half) @ to_canvas @ np.diag([1 / finer, 1 / finer, 1]) @ half
    warped = cv2.warpPerspective(
        canvas,
        fine,
        (width * finer, height * finer),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return cv2.resize(warped, (width, height), interpolation=cv2.INTER_AREA)


def view_pair(
    seed: int,
    height: int,
    width: int,
    *,
    finer: int = 3,
    degrees: float = 2.0,
    shift: float = 80.0,
    perspective: float = 6.0,
    mirrored: bool = True,
    gain: float = 1.0,
    noise: float = 0.005,
    content: Content = "photographs",
    leaves: int = 20_000,
    other_scene: bool = False,
    exact: np.ndarray | None = None,
) -> ViewPair:
    """Two noisy views; the moving one darker or brighter by ``gain`` in linear light; both clipped at one.

    ``noise`` is the standard deviation at white in linear light, falling with the root of the light (shot noise).
    """
    rng = np.random.default_rng(seed)
    truth = (
        homography(rng, height, width, degrees=degrees, shift=shift, perspective=perspective, mirrored=mirrored)
        if exact is None
        else exact
    )
    margin = int(shift + 0.1 * width * np.sin(np.deg2rad(degrees)) * 6 + perspective) + 8
    size = (finer * (height + 2 * margin), finer * (width + 2 * margin))
    to_canvas = finer * np.array([[1, 0, margin], [0, 1, margin], [0, 0, 1 / finer]])
    first = scene(rng, *size, content=content, leaves=leaves)
    reference = sample(first, to_canvas, height, width, finer)
    second = scene(rng, *size, content="other photographs", leaves=leaves) if other_scene else first
    moving = sample(second, to_canvas @ np.linalg.inv(truth), height, width, finer)
    del first, second
    return ViewPair(photograph(rng, reference, 1.0, noise), photograph(rng, moving, gain, noise), truth, mirrored)


def blurred_views(seed: int, grid: Grid, scale: float, sigmas: tuple[float, float]) -> ViewPair:
    """Two views that differ by a scale about the middle, each blurred by a Gaussian (px) after it was framed."""
    x, y = grid.width / 2 * (1 - scale), grid.height / 2 * (1 - scale)
    exact = np.array([[scale, 0, x], [0, scale, y], [0, 0, 1]])
    views = view_pair(
        seed, grid.height, grid.width, exact=exact, mirrored=False, shift=0.02 * grid.width, leaves=6000, noise=0.003
    )
    images = [
        cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE) if sigma else image
        for image, sigma in zip((views.reference, views.moving), sigmas, strict=True)
    ]
    return ViewPair(images[0], images[1], exact, mirrored=False)


def second_view(photograph: np.ndarray, truth: np.ndarray, height: int, width: int) -> np.ndarray:
    """What a camera would see of a developed photograph, uint16 (H, W, 3), that sees it under a homography.

    ``truth`` lies on a grid of ``height`` x ``width``; the warp is done on the photograph's own, finer grid and then
    averaged down. Beyond the photograph the view is mirrored, where the first camera sees nothing.
    """
    fine = Grid.of(photograph)
    backwards = change_grid(np.linalg.inv(truth), Grid(height, width), fine)
    return area_resize(warp(photograph, backwards, fine, interpolation=cv2.INTER_LANCZOS4), height, width)


def with_noise(rng: np.random.Generator, image: np.ndarray, gain: float, noise: float) -> np.ndarray:
    """A developed image, uint16 (H, W, 3), as a shot of another exposure and with more noise would show it."""
    return photograph(rng, np.asarray(srgb_to_linear(as_float(image)), np.float32), gain, noise)


def photograph(rng: np.random.Generator, light: np.ndarray, gain: np.ndarray | float, noise: float) -> np.ndarray:
    """What a camera makes of light: sRGB, float32, exposed by ``gain``, with noise as ``view_pair`` has it."""
    exposed = light * np.asarray(gain, np.float32)
    exposed += np.sqrt(np.maximum(exposed, 0.001)) * noise * rng.standard_normal(light.shape, dtype=np.float32)
    return np.asarray(linear_to_srgb(np.clip(exposed, 0, 1)), np.float32)


def corner_error(estimate: np.ndarray, truth: np.ndarray, height: int, width: int) -> float:
    """Largest distance between the images of the four corners of the grid, in px."""
    corners = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1.0]]).T
    first, second = estimate @ corners, truth @ corners
    return float(np.linalg.norm(first[:2] / first[2] - second[:2] / second[2], axis=0).max())
