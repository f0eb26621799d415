"""Render training sets from sharp photographs: dual-pixel defocus with random or given depth, in DPDD's layout."""

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.dual_pixel import VIEWS, as_float
from ifan.training.dead_leaves import dead_leaves
from ifan.training.sources import Pixels, read_source, with_depth
from realdof.common.processes.executor import completed
from realdof.common.processes.executor import workers as processes
from realdof.images.colour import linear_to_srgb, srgb_to_linear
from realdof.images.files import write_pixels
from realdof.optics.rendering import DualPixel, render_defocus


@dataclass(frozen=True)
class Synthesis:
    """Properties of the rendered scenes.

    Parameters
    ----------
    size
        Side of the square scenes, px.
    largest_radius
        Largest blur radius, px; the radii are log-uniform from 1 px up to it.
    sharp_share
        Share of scenes whose blur radius stays under 0.7 px; a network trained without sharp images ruins them.
    smallest_scale
        A photograph is reduced by a factor between this and 1, as far as its size allows. Reduction makes the
        all-in-focus image sharp to the pixel, regardless of the photograph's own lens.
    leaves_share
        Share of scenes that show shapes in the colours and textures of their photograph: see
        `ifan.training.dead_leaves`.
    bits
        Bit depth of the files.
    electrons
        Electrons of a white pixel, which determine the shot noise of the views; None for no noise. The all-in-focus
        image has no noise.
    """

    size: int = 384
    largest_radius: float = 14.0
    sharp_share: float = 0.2
    smallest_scale: float = 0.25
    leaves_share: float = 0.0
    bits: Literal[8, 16] = 8
    electrons: float | None = None


@dataclass(frozen=True)
class Window:
    """A square part of a photograph, possibly mirrored; px."""

    top: int
    left: int
    side: int
    mirrored: bool

    def cut(self, pixels: Pixels, size: int) -> NDArray[np.float32]:
        """Cut the part out of stored pixels (H, W, C) and reduce it to (size, size, C), float32 in [0, 1]."""
        piece = as_float(pixels[self.top : self.top + self.side, self.left : self.left + self.side])
        region = cv2.resize(piece, (size, size), interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(region[:, ::-1] if self.mirrored else region, dtype=np.float32)


def draw_window(photograph: Pixels, settings: Synthesis, random: np.random.Generator) -> Window:
    """Draw a part of a photograph that shows some detail.

    Of eight random parts the one with the third largest median gradient is used, so empty sky is rare but not absent.
    """
    draws = [_draw_window(photograph, settings, random) for _ in range(8)]
    draws.sort(key=lambda window: _detail(window.cut(photograph, settings.size)))
    return draws[5]


def _draw_window(photograph: Pixels, settings: Synthesis, random: np.random.Generator) -> Window:
    height, width = photograph.shape[:2]
    smallest = max(settings.smallest_scale, settings.size / min(height, width))
    side = min(height, width, round(settings.size / random.uniform(smallest, max(smallest, 0.7))))
    top, left = int(random.integers(height - side + 1)), int(random.integers(width - side + 1))
    return Window(top, left, side, bool(random.random() < 0.5))


def _detail(region: NDArray[np.float32]) -> float:
    grey = region.mean(axis=2)
    return float(np.median(np.abs(np.diff(grey, axis=0))) + np.median(np.abs(np.diff(grey, axis=1))))


def draw_radius_map(settings: Synthesis, random: np.random.Generator) -> NDArray[np.float32]:
    """Draw a signed blur-radius map: planes, slanted surfaces, steps and cut-out objects before them.

    For a thin lens the blur radius is affine in inverse depth, and the inverse depth of a plane is affine in image
    coordinates. A plane in space is therefore a ramp of signed radius.

    Returns
    -------
    ndarray
        float32 (size, size), px, positive behind the plane of focus.
    """
    size = settings.size
    largest = _largest_radius(settings, random)
    surfaces = [_ramp(size, largest, random) for _ in range(int(random.integers(1, 4)))]
    # Nearer surfaces have the smaller signed radius and cover those behind them.
    surfaces.sort(key=lambda surface: float(surface.mean()), reverse=True)
    radius: NDArray[np.floating] = surfaces[0]
    for nearer in surfaces[1:]:
        radius = np.where(_cut_out(size, random), nearer, radius)
    return np.clip(radius, -largest, largest).astype(np.float32)


def radius_map_from_depth(
    inverse_depth: NDArray[np.float32], settings: Synthesis, random: np.random.Generator
) -> NDArray[np.float32]:
    """Return a signed blur-radius map of a scene with known depth, focused at a random depth within it.

    Parameters
    ----------
    inverse_depth
        float (size, size), affine in 1 / depth, like disparity: larger is nearer.

    Returns
    -------
    ndarray
        float32 (size, size), px, positive behind the plane of focus: affine in ``inverse_depth``.
    """
    focus = random.uniform(float(inverse_depth.min()), float(inverse_depth.max()))
    behind = focus - inverse_depth
    scale = _largest_radius(settings, random) / max(float(np.abs(behind).max()), 1e-6)
    return (scale * behind).astype(np.float32)


def _largest_radius(settings: Synthesis, random: np.random.Generator) -> float:
    if random.random() < settings.sharp_share:
        return random.uniform(0.0, 0.7)
    return float(np.exp(random.uniform(0.0, np.log(settings.largest_radius))))


def add_shot_noise(views: DualPixel, electrons: float, random: np.random.Generator) -> DualPixel:
    """Add shot noise to both views, each with half the light, and merge them into the image.

    Parameters
    ----------
    views
        sRGB-encoded, in [0, 1].
    electrons
        Electrons of a white pixel of the merged image.
    """
    counted = [
        random.poisson(np.asarray(srgb_to_linear(view)) * (electrons / 2)).astype(np.float32) / (electrons / 2)
        for view in (views.left, views.right)
    ]
    left, right, merged = (
        np.clip(linear_to_srgb(view), 0, 1).astype(np.float32) for view in (*counted, (counted[0] + counted[1]) / 2)
    )
    return DualPixel(left, right, merged)


def _ramp(size: int, largest: float, random: np.random.Generator) -> NDArray[np.float32]:
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size - 0.5
    slope = random.uniform(0.0, 1.5) * largest if random.random() < 0.7 else 0.0
    angle = random.uniform(0.0, 2 * np.pi)
    centre = random.uniform(-1.0, 1.0) * largest
    return (centre + slope * (np.cos(angle) * x + np.sin(angle) * y)).astype(np.float32)


def _cut_out(size: int, random: np.random.Generator) -> NDArray[np.bool_]:
    if random.random() < 0.4:
        y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size - 0.5
        angle = random.uniform(0.0, 2 * np.pi)
        edge: NDArray[np.bool_] = np.cos(angle) * x + np.sin(angle) * y > random.uniform(-0.3, 0.3)
        return edge
    noise = cv2.GaussianBlur(
        random.standard_normal((size, size)).astype(np.float32), (0, 0), random.uniform(size / 32, size / 8)
    )
    blob: NDArray[np.bool_] = noise > np.quantile(noise, random.uniform(0.4, 0.8))
    return blob


def render_scene(
    photograph: Pixels, settings: Synthesis, seed: tuple[int, ...], depth: Pixels | None = None
) -> dict[str, Pixels]:
    """Render one scene.

    Parameters
    ----------
    photograph
        uint8 or uint16 (H, W, 3), RGB, sharp.
    seed
        Seed of all random values.
    depth
        uint8 or uint16 (H, W, 3) with equal channels, proportional to inverse depth: brighter is nearer. Random if
        None.

    Returns
    -------
    dict
        (size, size, 3) each, uint8 or uint16, by the names of `benchmark.datasets.dual_pixel.VIEWS`.
    """
    random = np.random.default_rng(seed)
    window = draw_window(photograph, settings, random)
    # Without leaves no random number is drawn, so that a seed keeps its scene.
    if settings.leaves_share and random.random() < settings.leaves_share:
        sharp = dead_leaves(photograph, settings.size, random)
    else:
        sharp = window.cut(photograph, settings.size)
    if depth is None:
        radius = draw_radius_map(settings, random)
    else:
        radius = radius_map_from_depth(window.cut(depth, settings.size)[..., 0], settings, random)
    views = render_defocus(sharp, radius)
    if settings.electrons is not None:
        views = add_shot_noise(views, settings.electrons, random)
    images = {"image": views.merged, "left": views.left, "right": views.right, "target": sharp}
    kind, white = (np.uint8, 255) if settings.bits == 8 else (np.uint16, 65535)
    return {name: np.rint(np.clip(image, 0, 1) * white).astype(kind) for name, image in images.items()}


def synthesize(
    photographs: list[Path],
    out: Path,
    count: int,
    settings: Synthesis,
    *,
    seed: int = 0,
    split: str = "train",
    workers: int = 1,
    depth: list[Path] | None = None,
) -> Generator[int, None, None]:
    """Render ``count`` scenes to ``out`` in DPDD's layout; existing scenes are kept.

    Yields the number of finished scenes. The files do not depend on ``workers``.

    Raises
    ------
    InputError
        A photograph cannot be read or is too small, or its depth map (``depth``, one for each) is of another size.
    """
    sources = with_depth(photographs, depth)
    todo = [index for index in range(count) if not _paths(out, split, index)["target"].exists()]
    done = count - len(todo)
    yield done
    items = [(*sources[index % len(sources)], index) for index in todo]
    with processes(workers) as executor:
        for outcome in completed(executor, partial(_render_file, out, split, settings, seed), items):
            if outcome.error is not None:
                raise outcome.error
            done += 1
            yield done


def _paths(out: Path, split: str, index: int) -> dict[str, Path]:
    return {name: out / pattern.format(split=split) / f"{index:05d}.png" for name, pattern in VIEWS.items()}


def _render_file(out: Path, split: str, settings: Synthesis, seed: int, item: tuple[Path, Path | None, int]) -> None:
    path, depth_path, index = item
    photograph, depth = read_source(path, depth_path, settings.size)
    images = render_scene(photograph, settings, (seed, index), depth)
    # The target is written last: its existence marks the scene as complete.
    for name, target in _paths(out, split, index).items():
        write_pixels(target, images[name])
