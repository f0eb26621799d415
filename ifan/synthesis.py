"""Training sets made of sharp photographs: dual-pixel defocus rendered over procedural depth, in DPDD's layout."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark.dual_pixel import VIEWS
from realdof.errors import InputError
from realdof.images import read_pixels, write_pixels
from realdof.rendering import render_defocus

PHOTOGRAPH_SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff"}


@dataclass(frozen=True)
class Synthesis:
    """What the rendered scenes are like.

    Parameters
    ----------
    size
        Side of the square scenes, px.
    largest_radius
        Largest blur radius, px; the radii are log-uniform from 1 px up to it.
    sharp_share
        Share of scenes whose blur radius stays under 0.7 px: a network that never sees a sharp image ruins it.
    smallest_scale
        A photograph is reduced by a factor between this and 1, as far as its size allows; reduction makes the
        all-in-focus image sharp to the pixel whatever the photograph's own lens did.
    """

    size: int = 384
    largest_radius: float = 14.0
    sharp_share: float = 0.2
    smallest_scale: float = 0.25


def find_photographs(folder: Path) -> list[Path]:
    """Every photograph in a folder, sorted by name.

    Raises
    ------
    InputError
        There are none.
    """
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() in PHOTOGRAPH_SUFFIXES)
    if not paths:
        raise InputError(f"{folder} holds no photographs (JPEG, PNG or TIFF)")
    return paths


def draw_sharp_region(
    photograph: NDArray[np.uint8], settings: Synthesis, random: np.random.Generator
) -> NDArray[np.float32]:
    """A reduced, maybe mirrored, piece of a photograph: float32 (size, size, 3) in [0, 1], with some detail in it.

    Of eight draws the one whose median gradient is the third largest is taken, so that empty sky is rare but
    not absent.
    """
    draws = [_draw_region(photograph, settings, random) for _ in range(8)]
    draws.sort(key=_detail)
    return draws[5]


def _draw_region(
    photograph: NDArray[np.uint8], settings: Synthesis, random: np.random.Generator
) -> NDArray[np.float32]:
    height, width = photograph.shape[:2]
    smallest = max(settings.smallest_scale, settings.size / min(height, width))
    side = min(height, width, round(settings.size / random.uniform(smallest, max(smallest, 0.7))))
    top, left = int(random.integers(height - side + 1)), int(random.integers(width - side + 1))
    piece = photograph[top : top + side, left : left + side].astype(np.float32) / 255
    region = cv2.resize(piece, (settings.size, settings.size), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(region[:, ::-1] if random.random() < 0.5 else region, dtype=np.float32)


def _detail(region: NDArray[np.float32]) -> float:
    grey = region.mean(axis=2)
    return float(np.median(np.abs(np.diff(grey, axis=0))) + np.median(np.abs(np.diff(grey, axis=1))))


def draw_radius_map(settings: Synthesis, random: np.random.Generator) -> NDArray[np.float32]:
    """A signed blur-radius map: planes, slanted surfaces, steps and cut-out objects before them.

    For one thin lens the blur radius is affine in inverse depth, and the inverse depth of a plane is affine
    in image coordinates: so a plane in space is a ramp of signed radius.

    Returns
    -------
    ndarray
        float32 (size, size), px, positive behind the plane of focus.
    """
    size = settings.size
    if random.random() < settings.sharp_share:
        largest = random.uniform(0.0, 0.7)
    else:
        largest = float(np.exp(random.uniform(0.0, np.log(settings.largest_radius))))
    surfaces = [_ramp(size, largest, random) for _ in range(int(random.integers(1, 4)))]
    # Nearer surfaces have the smaller signed radius and cover those behind them.
    surfaces.sort(key=lambda surface: float(surface.mean()), reverse=True)
    radius: NDArray[np.floating] = surfaces[0]
    for nearer in surfaces[1:]:
        radius = np.where(_cut_out(size, random), nearer, radius)
    return np.clip(radius, -largest, largest).astype(np.float32)


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
    photograph: NDArray[np.uint8], settings: Synthesis, seed: tuple[int, ...]
) -> dict[str, NDArray[np.uint8]]:
    """One scene, uint8 (size, size, 3) each, by the names of `benchmark.dual_pixel.VIEWS`."""
    random = np.random.default_rng(seed)
    sharp = draw_sharp_region(photograph, settings, random)
    views = render_defocus(sharp, draw_radius_map(settings, random))
    images = {"image": views.merged, "left": views.left, "right": views.right, "target": sharp}
    return {name: np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8) for name, image in images.items()}


def synthesize(
    photographs: list[Path],
    out: Path,
    count: int,
    settings: Synthesis,
    *,
    seed: int = 0,
    split: str = "train",
    workers: int = 1,
) -> Iterator[int]:
    """Render ``count`` scenes to ``out`` in DPDD's layout; scenes already there are kept.

    Yields the number of scenes done so far. The same arguments give the same files whatever ``workers`` is.
    """
    todo = [index for index in range(count) if not _paths(out, split, index)["target"].exists()]
    done = count - len(todo)
    yield done
    with ProcessPoolExecutor(workers, get_context("spawn"), _pin_threads) as pool:
        jobs = [pool.submit(_render_file, photographs, out, split, index, settings, seed) for index in todo]
        for job in as_completed(jobs):
            job.result()
            done += 1
            yield done


def _pin_threads() -> None:
    cv2.setNumThreads(1)


def _paths(out: Path, split: str, index: int) -> dict[str, Path]:
    return {name: out / pattern.format(split=split) / f"{index:05d}.png" for name, pattern in VIEWS.items()}


def _render_file(photographs: list[Path], out: Path, split: str, index: int, settings: Synthesis, seed: int) -> None:
    photograph = read_pixels(photographs[index % len(photographs)])
    if photograph.dtype != np.uint8:
        photograph = (photograph >> 8).astype(np.uint8)
    if min(photograph.shape[:2]) < settings.size:
        raise InputError(
            f"{photographs[index % len(photographs)]} is {photograph.shape[1]}x{photograph.shape[0]}; "
            f"scenes of {settings.size} px need at least that on each side"
        )
    images = render_scene(photograph, settings, (seed, index))
    # The target comes last: its presence says that the scene is whole.
    for name, path in _paths(out, split, index).items():
        write_pixels(path, images[name])
