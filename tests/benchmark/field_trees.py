"""The data sets that papers of 2021 to 2025 use, in small, with their documented folders and file names."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from published_trees import GAPS, texture

from benchmark.datasets.published.dpdd import DPDD, DPDDNative
from benchmark.datasets.published.lfdof import LFDOF
from benchmark.datasets.published.ntire21 import NTIRE21
from benchmark.datasets.published.realdefocus import RealDefocus
from benchmark.datasets.published.rtf import RTF
from benchmark.datasets.published.sdd import SDD
from realdof.images.files import write_pixels

SIZE = (72, 96)
"""Height and width in px of every image here."""
STOPS = (2.0, 2.8, 10.0)
FIELD = {
    "lfdof": LFDOF, "rtf": RTF, "sdd": SDD, "realdefocus": RealDefocus, "ntire21": NTIRE21, "dpdd": DPDD,
    "dpdd-native": DPDDNative,
}  # fmt: skip
COUNTS = {"lfdof": 12, "rtf": 3, "dpdd": 3, "dpdd-native": 3}
"""Images that the small trees have, of those sets that ask for a number."""


def pair(seed: int, bits: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """A sharp picture and the same with each pixel moved towards its neighbours."""
    sharp = texture(seed, *SIZE, bits)
    blurred = sum(np.roll(sharp, (y, x), (0, 1)).astype(np.float64) for y in (-1, 0, 1) for x in (-1, 0, 1)) / 9
    return sharp, blurred.astype(sharp.dtype)


def write_lfdof(root: Path, *, flat: bool = False) -> Path:
    """Two scenes, six inputs each; ``flat`` as LaKDNet reads them."""
    for index, scene in enumerate(("IMG_1567", "IMG_2026")):
        sharp, blurred = pair(index)
        write_pixels(root / ("target" if flat else "test_data/ground_truth") / f"{scene}.png", sharp)
        for aperture in (1, 2, 3):
            for focus in (0, 1):
                folder = root / ("input" if flat else f"test_data/input/{scene}")
                # No two inputs are alike, and a wider aperture is further from the truth.
                mixed = (sharp * (1 - aperture / 4) + blurred * (aperture / 4) - focus).clip(0, 255)
                write_pixels(folder / f"{scene}_ap{aperture}_{focus:02d}.png", mixed.astype(np.uint8))
    return root


def write_realdefocus(root: Path) -> Path:
    """Two scenes at three f-stops, named by their metadata."""
    for scene in (7, 123):
        sharp, blurred = pair(scene)
        write_pixels(root / "test" / "in" / f"{scene}_f22.JPG", sharp)
        names = [f"gt/{scene}/{scene}_f{stop:.1f}.JPG" for stop in STOPS]
        for name, stop in zip(names, STOPS, strict=True):
            mixed = sharp * (stop / 22) + blurred * (1 - stop / 22)
            write_pixels(root / "test" / name, mixed.astype(np.uint8))
        metadata = {
            "id": scene, "source_image": f"in/{scene}_f22.JPG", "source_av": 22.0, "target_images": names,
            "target_avs": list(STOPS), "focal_length": 45, "ISO": 100, "EV": 15, "focus_plane_distance": 0.49,
        }  # fmt: skip
        path = root / "test" / "metadata" / f"{scene}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(metadata), encoding="utf-8")
    return root


def write_rtf(root: Path) -> Path:
    """Three pairs with the names of NRKNet's list."""
    for index in range(3):
        sharp, blurred = pair(index)
        write_pixels(root / "image" / "0" / f"image_{index + 1:02d}.png", blurred)
        write_pixels(root / "GT" / f"sharp_{index + 1:02d}.png", sharp)
    return root


def write_sdd(root: Path) -> Path:
    """Three pairs of equal names."""
    for index in range(3):
        sharp, blurred = pair(index)
        write_pixels(root / "test" / "blur" / f"{index}.png", blurred)
        write_pixels(root / "test" / "gt" / f"{index}.png", sharp)
    return root


def write_dual_pixel(root: Path, *, target: bool = True) -> Path:
    """Three scenes in DPDD's layout, 16 bits."""
    for index in range(3):
        sharp, blurred = pair(index, bits=16)
        frame = 917 + 20 * index
        for view in "clr":
            write_pixels(root / f"test_{view}" / "source" / f"1P0A{frame:04d}.png", blurred)
        if target:
            write_pixels(root / "test_c" / "target" / f"1P0A{frame + GAPS[index]:04d}.png", sharp)
    return root


def write_restormer(root: Path) -> Path:
    """DPDD's test scenes as Restormer's authors give them out, with their labels."""
    for index in range(3):
        sharp, blurred = pair(index, bits=16)
        for folder, pixels in (("inputC", blurred), ("inputL", blurred), ("inputR", blurred), ("target", sharp)):
            write_pixels(root / folder / f"1P0A{917 + 20 * index:04d}.png", pixels)
    np.save(root / "indoor_labels.npy", np.array([1, 3]))
    np.save(root / "outdoor_labels.npy", np.array([2]))
    return root


WRITERS = {
    "lfdof": write_lfdof, "rtf": write_rtf, "sdd": write_sdd, "realdefocus": write_realdefocus,
    "ntire21": write_dual_pixel, "dpdd": write_restormer, "dpdd-native": write_dual_pixel,
}  # fmt: skip


@pytest.fixture
def small_field(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every set have the images and the size that these trees have."""
    for name, factory in FIELD.items():
        if name in COUNTS:
            monkeypatch.setattr(factory, "card", replace(factory.card, count=COUNTS[name]))
        if hasattr(factory, "size"):
            monkeypatch.setattr(factory, "size", SIZE)
