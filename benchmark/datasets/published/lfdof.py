"""Data set `lfdof`: photographs refocused from light fields, with up to 15 defocused images for each target."""

import re
from collections.abc import Mapping
from pathlib import Path

from benchmark.datasets.base import Dataset, Entry, list_images
from benchmark.datasets.card import Archive, DatasetCard
from benchmark.datasets.get.archive import Limits
from benchmark.datasets.layout import check_bits, check_count, check_size, find_one_of
from realdof.common.errors import InputError
from realdof.images.headers import Header

PUBLISHED = ("test_data/input", "test_data/ground_truth")
LAYOUTS = (PUBLISHED, ("input", "ground_truth"), ("input", "target"))
"""Layouts: the authors' archive, its test folder alone, and LaKDNet's copy, which has no folders for scenes."""
_NAME = re.compile(r"(?P<scene>.+)_ap(?P<aperture>\d+)_(?P<focus>\d+)")


class LFDOF(Dataset):
    """The 725 defocused test images; the images of a scene share one all-in-focus image."""

    card = DatasetCard(
        name="lfdof",
        title="LFDOF test",
        summary="725 images refocused from light fields at three apertures; up to 15 share one all-in-focus image",
        licence="not stated where it could be looked up; ask its authors before you pass images on",
        citation="Ruan et al., AIFNet: All-in-Focus Image Restoration Network Using a Light Field-Based Dataset, "
        "IEEE TCI 2021",
        protocol="drbnet",
        count=725,
        layout="test_data/input/SCENE/SCENE_apA_NN.png with test_data/ground_truth/SCENE.png; or "
        "input/SCENE_apA_NN.png with target/SCENE.png, as LaKDNet reads it",
        size="1008x688, 8-bit PNG",
        notes=(
            "The defocus is computed from light fields of a Lytro camera, not taken with a lens of that aperture.",
            "Groups: scene, aperture (1 to 3) and focus, from the file names; leaderboard --by GROUP shows them.",
            "File names and the count are those of the test list in csZcWu/NRKNet, the size that of run_test.py in "
            "binorchen/AIFNET; the 11,247 training images are not read here.",
            "Neither the link nor the archive's size could be verified here.",
        ),
        archive=Archive(
            "LFDOF.zip",
            ("https://sweb.cityu.edu.hk/miullam/AIFNET/dataset/LFDOF.zip",),
            Limits(bytes=60 * 10**9, files=20_000),
        ),
        group="defocused and all-in-focus images",
    )
    size = (688, 1008)
    """Height and width in px."""

    def entries(self) -> list[Entry]:
        """Return the images by name, each with its scene's all-in-focus image."""
        layout, folder = find_one_of(self.root, LAYOUTS, self.card.title)
        inputs, truths = (folder / name for name in layout)
        targets = list_images(truths)
        made = [self._entry(path, targets, truths) for path in _images_of(inputs)]
        return sorted(made, key=lambda entry: entry.name)

    def check_whole(self) -> None:
        """Check that all 725 images are there."""
        check_count(self.listed, self.card.count or 0, self.card.title, self.root)

    def check(self, headers: Mapping[str, Header]) -> None:
        """Check that every image has the published size and 8 bits."""
        check_size(headers, self.size, self.card.title, self.root)
        check_bits(self.listed, 8, self.card.title)

    def _entry(self, path: Path, targets: Mapping[str, Path], truths: Path) -> Entry:
        matched = _NAME.fullmatch(path.stem)
        if matched is None:
            raise InputError(f"{path} is no image of {self.card.title}: its images are named SCENE_apA_NN.png")
        scene = matched["scene"]
        if scene not in targets:
            raise InputError(f"{path} has no all-in-focus image named {scene} in {truths}")
        groups = {"scene": scene, "aperture": matched["aperture"], "focus": matched["focus"]}
        return Entry(path.stem, path, target=targets[scene], groups=groups, target_name=scene)


def _images_of(inputs: Path) -> list[Path]:
    """List the images in a folder, or in its subfolders, one for each scene."""
    scenes = sorted(path for path in inputs.iterdir() if path.is_dir() and not path.name.startswith("."))
    return [image for folder in scenes or [inputs] for image in list_images(folder).values()]
