"""Draws the pictures of these pages from data set `sample` and a finished run: python docs/make_images.py results"""

import sys
from pathlib import Path

import cv2
import numpy as np

from benchmark.datasets.sample.dataset import SampleDataset
from realdof.images.depth import to_eight_bits
from realdof.images.files import read_pixels, write_pixels
from realdof.images.resize import area_resize

IMAGES = Path(__file__).parent / "images"
CROPS = {"coffee_slanted": (150, 180), "astronaut_planar": (60, 150), "motorcycle_near": (180, 330)}
"""Top and left of the shown square of each scene, px."""
SIDE, GAP = 220, 6


def eight_bits(path: Path) -> np.ndarray:
    """An image of a file as it is shown."""
    return to_eight_bits(read_pixels(path))


def joined(images: list[np.ndarray], axis: int) -> np.ndarray:
    """Images beside or below each other with a white gap."""
    parts: list[np.ndarray] = []
    for image in images:
        shape = list(image.shape)
        shape[axis] = GAP
        parts += [image, np.full(shape, 255, np.uint8)]
    return np.concatenate(parts[:-1], axis=axis)


def scenes(dataset: SampleDataset) -> np.ndarray:
    """Every scene as a thumbnail, defocused above all-in-focus."""
    columns = []
    for entry in dataset.entries():
        pair = [entry.image, entry.target]
        thumbnails = [area_resize(eight_bits(path), 150, 200) for path in pair if path is not None]
        columns.append(joined(thumbnails, axis=0))
    return joined([joined(columns[:5], axis=1), joined(columns[5:], axis=1)], axis=0)


def results(dataset: SampleDataset, run: Path) -> np.ndarray:
    """Defocused image, result and all-in-focus image of a crop of some scenes, at twice their size."""
    entries = {entry.name: entry for entry in dataset.entries()}
    rows = []
    for name, (top, left) in CROPS.items():
        files = [entries[name].image, run / "outputs" / f"{name}.png", entries[name].target]
        crops = [eight_bits(path)[top : top + SIDE, left : left + SIDE] for path in files if path is not None]
        doubled = [cv2.resize(crop, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC) for crop in crops]
        rows.append(joined(doubled, axis=1))
    return joined(rows, axis=0)


if __name__ == "__main__":
    sample = SampleDataset()
    sample.prepare()
    finished = next(Path(sys.argv[1]).glob("sample/ifan/*"))
    write_pixels(IMAGES / "sample_scenes.png", scenes(sample))
    write_pixels(IMAGES / "sample_ifan.png", results(sample, finished))
