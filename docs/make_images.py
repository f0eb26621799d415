"""Draws pictures from data set `sample` and runs of ifan and ifan-dual: python docs/make_images.py results"""

import sys
from pathlib import Path

import cv2
import numpy as np
from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont

from benchmark.datasets.sample.dataset import SampleDataset
from benchmark.results.choice import every_run
from realdof.images.depth import to_eight_bits
from realdof.images.files import read_pixels
from realdof.images.resize import area_resize

IMAGES = Path(__file__).parent / "images"
CROPS = {"coffee_slanted": (150, 180), "astronaut_planar": (60, 150), "motorcycle_near": (180, 330)}
"""Top and left of the shown square of each scene, px."""
SIDE, GAP = 220, 6
LOOKS = {"astronaut_planar": (20, 130), "coffee_slanted": (205, 200)}
LOOK = (150, 200)
"""Height and width of a crop of the first look, px."""
NEARLY_SHARP = "chelsea_nearly_sharp"
MAGNIFICATION = 4
"""Factor by which a difference is shown, around grey."""


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


def first_look(dataset: SampleDataset, runs: dict[str, Path]) -> np.ndarray:
    """Crops of two scenes: defocused image, the result of each run, all-in-focus image; each column is named."""
    entries = {entry.name: entry for entry in dataset.entries()}
    rows = []
    for name, (top, left) in LOOKS.items():
        entry = entries[name]
        results = [run / "outputs" / f"{name}.png" for run in runs.values()]
        files = [path for path in (entry.image, *results, entry.target) if path is not None]
        crops = [eight_bits(path)[top : top + LOOK[0], left : left + LOOK[1]] for path in files]
        rows.append([cv2.resize(crop, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC) for crop in crops])
    titles = ["defocused", *runs, "all in focus"]
    rows[0] = [named(image, title) for image, title in zip(rows[0], titles, strict=True)]
    return joined([joined(row, axis=1) for row in rows], axis=0)


def out_of_focus_truth(dataset: SampleDataset, run: Path) -> np.ndarray:
    """Input, truth, output and its difference from the truth, of the scene whose truth is out of focus itself."""
    entry = next(entry for entry in dataset.entries() if entry.name == NEARLY_SHARP)
    assert entry.target is not None
    output = eight_bits(run / "outputs" / f"{NEARLY_SHARP}.png")
    # Outputs were cut to multiples of 8.
    image, truth = (eight_bits(path)[: output.shape[0], : output.shape[1]] for path in (entry.image, entry.target))
    difference = np.clip(128 + MAGNIFICATION * (output.astype(int) - truth), 0, 255).astype(np.uint8)
    titles = ("defocused", "truth", "ifan", f"ifan - truth, times {MAGNIFICATION}")
    cells = [named(part, title) for part, title in zip((image, truth, output, difference), titles, strict=True)]
    return joined([joined(cells[:2], axis=1), joined(cells[2:], axis=1)], axis=0)


def named(image: np.ndarray, title: str) -> np.ndarray:
    """An image with white words on a dark ground in its upper left corner."""
    picture = Image.fromarray(image)
    font = ImageFont.truetype(str(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), 24)
    drawing = ImageDraw.Draw(picture, "RGBA")
    _, _, right, bottom = drawing.textbbox((12, 8), title, font=font)
    drawing.rectangle((0, 0, right + 12, bottom + 8), fill=(0, 0, 0, 150))
    drawing.text((12, 8), title, font=font, fill="white")
    return np.asarray(picture)


def save(name: str, image: np.ndarray) -> None:
    """Write a picture of a page as JPEG."""
    Image.fromarray(image).save(IMAGES / name, quality=88, optimize=True)


if __name__ == "__main__":
    sample = SampleDataset()
    sample.prepare()
    # The run of each method under the data set's own protocol.
    finished = {
        run.settings.method: run.path
        for run in every_run(Path(sys.argv[1]), "sample")
        if run.settings.protocol == sample.card.protocol
    }
    save("sample_scenes.jpg", scenes(sample))
    save("sample_ifan.jpg", results(sample, finished["ifan"]))
    save("first_look.jpg", first_look(sample, {name: finished[name] for name in ("ifan", "ifan-dual")}))
    save("out_of_focus_truth.jpg", out_of_focus_truth(sample, finished["ifan"]))
