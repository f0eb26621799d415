"""Data set `pixel4`: a phone's dual-pixel raws in linear light with all-in-focus images, developed on first use."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from pydantic import RootModel

from benchmark.datasets.base import Dataset, Entry, Progress, entry_of, hash_of_files, list_images, no_progress
from benchmark.datasets.card import DatasetCard
from benchmark.datasets.layout import check_bits, check_count, check_size, what_is_in
from realdof.common.decode import read_json
from realdof.common.errors import InputError
from realdof.common.files import cache_folder, sha256_of, write_json
from realdof.images.files import read_pixels, write_pixels
from realdof.images.headers import Header

BLACK, WHITE = 1024, 16383
"""Of the 14-bit views."""
FIELD = (1008, 1344)
"""Height and width in px of the central field of view, which the all-in-focus images show."""
WINDOW = 101
"""px; side of the box that the ratio of the white sheets is averaged over."""
DEVELOPER = 1
"""Version of the developed images; raised if the same raw files would give other pixels."""
ROLES = ("image", "left", "right", "target")


class Pixel4(Dataset):
    """``NNN_left.png``, ``NNN_right.png`` and ``NNN_gt.png``, with the white sheets of both views."""

    card = DatasetCard(
        name="pixel4",
        title="Pixel 4 dual-pixel",
        summary="17 scenes of a phone's dual-pixel green channel, linear 14-bit raws, with all-in-focus images",
        licence="not stated in its repository; for measurements of your own",
        citation="Xin et al., Defocus Map Estimation and Deblurring from a Single Dual-Pixel Image, ICCV 2021",
        protocol="pixel4",
        count=17,
        layout="NNN_left.png, NNN_right.png, gt_all_in_focus_im/NNN_gt.png, calibration/white_sheet_{left,right}.png;"
        " or all in one folder",
        size="views 2016x1512, 14 bits in 16-bit PNG, black level 1024; all-in-focus images 1344x1008",
        notes=(
            "The views are developed once, into the cache, as code/util.py of the repository does: black level off, "
            "the right view brought to the left one's vignetting by the ratio of the white sheets, central 1344x1008.",
            "The merged image is the mean of both views. All images are grey and linear: protocol pixel4 scores linear "
            "light, pixel4-gamma shows methods and metrics v^(1/2.2).",
            "The all-in-focus images lie at 4 times the views' values less the black level, to within 7 per cent, so a "
            "gain is fitted for every scene; how they were made could not be looked up.",
            "The defocus maps and the calibrated kernels are not used.",
        ),
        by_hand="Run `git clone https://github.com/cmu-ci-lab/dual_pixel_defocus_estimation_deblurring`, then give "
        "--root with its folder DP_data_pixel_4.",
        group="with dual-pixel views",
    )

    def prepare(self, report: Progress = no_progress) -> None:
        """Develop the scenes unless the cache already holds them.

        Raises
        ------
        InputError
            The folder is not this data set, a file is not a raw image, or the cache cannot be written to.
        """
        manifest = self._developed / "manifest.json"
        if manifest.is_file() and _is_whole(manifest):
            return
        files: dict[str, str] = {}
        scenes = self._raws
        for done, (name, raws) in enumerate(scenes.items()):
            report(done, len(scenes))
            for role, pixels in develop(raws, self._sheets).items():
                path = self._path(name, role)
                write_pixels(path, np.repeat(pixels[..., None], 3, axis=2))
                files[path.relative_to(self._developed).as_posix()] = sha256_of(path)
        write_json(manifest, files)
        report(len(scenes), len(scenes))

    def entries(self) -> list[Entry]:
        """Return the developed images of the scenes that are there, by number."""
        return [
            replace(entry_of(name, {role: self._path(name, role) for role in ROLES}), groups={"scene": name})
            for name in self._raws
        ]

    def check_whole(self) -> None:
        """Check that all 17 scenes are there."""
        check_count(self._raws, self.card.count or 0, self.card.title, self.root)

    def check(self, headers: Mapping[str, Header]) -> None:
        """Check that every developed image has the size of the central field of view and 16 bits."""
        check_size(headers, FIELD, self.card.title, self.root)
        check_bits(self.listed, 16, self.card.title)

    def identity(self, report: Progress = no_progress) -> str:
        """Return a hash of the raw files' content and the developer's version."""
        return hashlib.sha256(f"{DEVELOPER} {hash_of_files(self._sources, report)}".encode()).hexdigest()

    @cached_property
    def _folder(self) -> Path:
        if self.root.is_dir():
            for folder in (self.root, self.root / "DP_data_pixel_4"):
                if any(folder.glob("*_left.png")):
                    return folder
        found = what_is_in(self.root) if self.root.is_dir() else "there is no such folder"
        raise InputError(
            f"{self.root} is not {self.card.title}: it has no NNN_left.png and NNN_right.png; {found}. "
            f"{self.card.by_hand}"
        )

    @cached_property
    def _raws(self) -> dict[str, dict[str, Path]]:
        """Each scene's raw files by role."""
        folder = self._folder
        truths = folder / "gt_all_in_focus_im"
        places = {"left": folder, "right": folder, "target": truths if truths.is_dir() else folder}
        endings = {"left": "_left", "right": "_right", "target": "_gt"}
        named = {role: list_images(place) for role, place in places.items()}
        scenes = sorted(name.removesuffix("_left") for name in named["left"] if name.removesuffix("_left").isdigit())
        raws: dict[str, dict[str, Path]] = {scene: {} for scene in scenes}
        for role, ending in endings.items():
            for scene in scenes:
                if scene + ending not in named[role]:
                    raise InputError(f"{places[role]} has no {scene}{ending}.png; fetch {self.card.title} again")
                raws[scene][role] = named[role][scene + ending]
        return raws

    @cached_property
    def _sheets(self) -> tuple[Path, Path]:
        """The white sheet of the left and of the right view."""
        inside = self._folder / "calibration"
        folder = inside if inside.is_dir() else self._folder
        left, right = (folder / f"white_sheet_{view}.png" for view in ("left", "right"))
        for path in (left, right):
            if not path.is_file():
                raise InputError(f"{path} is missing: {self.card.title} needs both white sheets; fetch it again")
        return left, right

    @property
    def _sources(self) -> list[Path]:
        return [path for raws in self._raws.values() for path in raws.values()] + list(self._sheets)

    @cached_property
    def _developed(self) -> Path:
        """The cache folder of the developed images, named after the raw files' names, sizes and modification times."""
        stats = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in self._sources]
        key = hashlib.sha256(json.dumps([DEVELOPER, str(self._folder.resolve()), stats]).encode()).hexdigest()
        return cache_folder() / "pixel4-developed" / key[:12]

    def _path(self, name: str, role: str) -> Path:
        return self._developed / role / f"{name}.png"


def develop(raws: Mapping[str, Path], sheets: tuple[Path, Path]) -> dict[str, np.ndarray]:
    """Develop a scene: linear, uint16 (1008, 1344), for ``image``, ``left``, ``right`` and ``target``.

    In the views 65535 is the sensor's white level; the all-in-focus image is returned as stored.

    Raises
    ------
    InputError
        A view or a white sheet is not a 16-bit file of 14-bit values, or is too small.
    """
    left, right = (read_view(raws[view]) for view in ("left", "right"))
    sheet_left, sheet_right = (read_view(path) for path in sheets)
    for path, view in ((raws["right"], right), (sheets[0], sheet_left), (sheets[1], sheet_right)):
        if view.shape != left.shape:
            raise InputError(
                f"{path} is {view.shape[1]}x{view.shape[0]}, {raws['left']} is not; they must be of one size"
            )
    ratio = cv2.blur(sheet_left / np.maximum(sheet_right, 1 / WHITE), (WINDOW, WINDOW))
    left, right = (central(view) for view in (left, np.minimum(right * ratio, 1)))
    views = {"image": (left + right) / 2, "left": left, "right": right}
    stored = {role: np.rint(view * 65535).astype(np.uint16) for role, view in views.items()}
    return stored | {"target": read_pixels(raws["target"])[..., 1]}


def read_view(path: Path) -> np.ndarray:
    """Read a 14-bit view as linear light, float64 (H, W) in [0, 1]: black level subtracted, 1 is the white level.

    Raises
    ------
    InputError
        The file has 8 bits, has values above 14 bits, or is smaller than the central field of view.
    """
    stored = read_pixels(path)[..., 1]
    if stored.dtype != np.uint16:
        raise InputError(f"{path} has 8 bits; the views are 16-bit files of 14-bit values with black level {BLACK}")
    # A few hot pixels of the published files lie up to half a per cent above the 14 bits.
    if np.percentile(stored, 99) > WHITE:
        raise InputError(f"{path} holds values up to {stored.max()}; the views have 14 bits, so at most {WHITE}")
    if stored.shape[0] < FIELD[0] or stored.shape[1] < FIELD[1]:
        raise InputError(f"{path} is {stored.shape[1]}x{stored.shape[0]}; the views are 2016x1512")
    return np.clip((stored.astype(np.float64) - BLACK) / (WHITE - BLACK), 0, 1)


def central(view: np.ndarray) -> np.ndarray:
    """Crop a view to the central field of view."""
    top, left = ((view.shape[axis] - FIELD[axis]) // 2 for axis in (0, 1))
    return view[top : top + FIELD[0], left : left + FIELD[1]]


class _Developed(RootModel[dict[str, str]]):
    """SHA-256 by file."""


def _is_whole(manifest: Path) -> bool:
    try:
        files = read_json(manifest, _Developed, "remove it to develop the set again").root
    except InputError:
        return False
    folder = manifest.parent
    return bool(files) and all(
        (folder / name).is_file() and sha256_of(folder / name) == digest for name, digest in files.items()
    )
