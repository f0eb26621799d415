"""Data set `sample`: real photographs from scikit-image with rendered defocus, made on first use."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict

from benchmark.datasets.base import Dataset, Entry, entry_of, no_progress
from benchmark.datasets.card import DatasetCard
from benchmark.datasets.sample.scenes import GENERATOR_VERSION, SCENES, Scene, depth_of
from realdof.common.decode import Strict, read_json
from realdof.common.errors import InputError
from realdof.common.files import cache_folder, sha256_of, write_json
from realdof.images.files import read_pixels, write_pixels

ROLES = {"image": "source", "left": "left", "right": "right", "target": "target"}
"""Folder of each image of a scene."""


class _Manifest(Strict):
    """The rendered files: the identity of the generator and its sources, and each file's SHA-256."""

    model_config = ConfigDict(extra="ignore")

    identity: str
    files: dict[str, str]


class SampleDataset(Dataset):
    """Ten scenes at the photographs' full size, 16-bit, with both dual-pixel views.

    The first use renders them; every later one checks them against the hashes in ``manifest.json``.
    """

    card = DatasetCard(
        name="sample",
        title="Built-in sample",
        summary="10 real photographs with RENDERED defocus (thin lens, known depth), dual-pixel views; no photograph "
        "of it was taken out of focus, so figures on it say nothing of real lenses",
        licence="photographs: public domain, CC0, and Middlebury 2014 stereo (motorcycle; research use)",
        citation="photographs of scikit-image 0.19+; motorcycle: Scharstein et al., GCPR 2014",
        weights="synthetic",
        group="made here, or your own",
    )

    @classmethod
    def default_root(cls) -> Path:
        """Return the cache folder of this version of the generator and its sources."""
        return cache_folder() / "sample" / _identity()[:12]

    def prepare(self, report: Callable[[int, int], None] = no_progress) -> None:
        """Render all scenes unless the files match the manifest.

        Raises
        ------
        InputError
            A photograph is not in the installed scikit-image, or the folder cannot be written to.
        """
        if self._is_whole():
            return
        files: dict[str, str] = {}
        for done, scene in enumerate(SCENES):
            report(done, len(SCENES))
            for role, pixels in render_scene(scene).items():
                path = self._path(scene.name, role)
                write_pixels(path, pixels)
                files[path.relative_to(self.root).as_posix()] = sha256_of(path)
        # The manifest is written last, so that an interrupted rendering is repeated.
        write_json(self.root / "manifest.json", {"identity": _identity(), "scenes": _parameters(), "files": files})
        report(len(SCENES), len(SCENES))

    def _is_whole(self) -> bool:
        manifest = self.root / "manifest.json"
        if not manifest.is_file():
            return False
        try:
            kept = read_json(manifest, _Manifest, "remove it to make the set again")
        except InputError:
            return False
        if kept.identity != _identity():
            return False
        files = {self._path(scene.name, role).relative_to(self.root).as_posix() for scene in SCENES for role in ROLES}
        if not files <= kept.files.keys():
            return False
        return all((self.root / name).is_file() and sha256_of(self.root / name) == kept.files[name] for name in files)

    def entries(self) -> list[Entry]:
        """Return the scenes, sorted by name."""
        return [
            entry_of(name, {role: self._path(name, role) for role in ROLES})
            for name in sorted(scene.name for scene in SCENES)
        ]

    def identity(self, report: Callable[[int, int], None] = no_progress) -> str:
        """Return a hash of generator version, photographs and scene parameters; the rendered bytes do not enter it."""
        return _identity()

    def _path(self, name: str, role: str) -> Path:
        return self.root / ROLES[role] / f"{name}.png"


def render_scene(scene: Scene) -> dict[str, NDArray[np.uint16]]:
    """Render one scene: uint16 (H, W, 3) for ``image``, ``left``, ``right`` and ``target``."""
    # Imported here, so that listing data sets does not load scipy.
    from realdof.optics.rendering import render_defocus

    threads = cv2.getNumThreads()
    # One thread, so that the order of additions and the last bit do not depend on the machine's load.
    cv2.setNumThreads(1)
    try:
        photograph = read_pixels(_photograph(scene.photograph))
        disparity = _measured_disparity() if scene.depth == "measured" else None
        depth = depth_of(scene, photograph.shape[0], photograph.shape[1], disparity)
        sharp = photograph.astype(np.float32) / 255
        views = render_defocus(sharp, scene.lens.blur_radius(depth))
    finally:
        cv2.setNumThreads(threads)
    images = {"image": views.merged, "left": views.left, "right": views.right, "target": sharp}
    return {role: np.rint(np.clip(image, 0, 1) * 65535).astype(np.uint16) for role, image in images.items()}


def _photograph(name: str) -> Path:
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise InputError("scikit-image is not installed; data set sample is made from its photographs")
    path = Path(spec.origin).parent / "data" / name
    if not path.is_file():
        raise InputError(f"scikit-image's photograph {path} is missing; install scikit-image anew")
    return path


def _measured_disparity() -> NDArray[np.float64]:
    with np.load(_photograph("motorcycle_disp.npz"), allow_pickle=False) as file:
        return np.asarray(file["arr_0"], dtype=np.float64)


def _parameters() -> list[dict[str, object]]:
    return [asdict(scene) for scene in SCENES]


def _identity() -> str:
    sources = sorted({scene.photograph for scene in SCENES} | {"motorcycle_disp.npz"})
    content = {
        "generator": GENERATOR_VERSION,
        "sources": {name: sha256_of(_photograph(name)) for name in sources},
        "scenes": _parameters(),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
