"""Data set `realdof`: the 50 published scenes, or a data set made with ``realdof build``."""

from collections.abc import Mapping
from pathlib import Path

from benchmark.datasets.base import Dataset, Entry, list_images
from benchmark.datasets.card import Archive, DatasetCard
from benchmark.datasets.get.archive import Limits
from benchmark.datasets.layout import check_count, find_layout, pair_in_order
from realdof.common.errors import InputError
from realdof.dataset.layout import BUILD, MANIFEST, Role
from realdof.dataset.manifest import read_manifest
from realdof.images.headers import Header

LARGEST = (1586, 2376)
"""Height and width in px of the published images before they were cut to the region that both cameras see."""


class RealDOF(Dataset):
    """``source/`` and ``target/``, test only.

    A folder with ``build.json`` was made by ``realdof build``: it may have any number of scenes, but must be finished.
    """

    card = DatasetCard(
        name="realdof",
        title="RealDOF",
        summary="50 scenes through a beam splitter: real defocus and its all-in-focus image; or --root OUT of a "
        "`realdof build`",
        licence="not verified here; ask its authors before you pass images on",
        citation="Lee et al., Iterative Filter Adaptive Network for Single Image Defocus Deblurring, CVPR 2021",
        count=50,
        layout="source/*.png (defocused) and target/*.png (all in focus)",
        size="2376x1586 at most, 16-bit PNG; both images of a pair cut to the region that both cameras see",
        notes=(
            "A folder of realdof build is read as well: any number of scenes, and its manifest.json must be there.",
            "Neither the link, nor the folders inside the archive, nor its size could be verified here.",
        ),
        archive=Archive(
            "RealDOF.zip",
            ("https://www.dropbox.com/s/arox1aixvg67fw5/RealDOF.zip?dl=1",),
            Limits(bytes=10 * 10**9, files=2_000),
        ),
        group="defocused and all-in-focus images",
    )

    @property
    def is_built(self) -> bool:
        """Whether the folder was made by ``realdof build``."""
        return (self._folder / BUILD).is_file()

    @property
    def of_papers(self) -> bool:
        """False for a set that ``realdof build`` has made from somebody's own captures."""
        return not self.is_built

    def entries(self) -> list[Entry]:
        """Return the pairs, by the source's name."""
        folder = self._folder
        sources, targets = (list_images(folder / name) for name in ("source", "target"))
        paired = pair_in_order(sources, targets, largest_gap=0)
        if not self.is_built:
            check_count(sources, self.card.count or 0, self.card.title, folder / "source")
        elif differing := sources.keys() ^ _scenes_of_build(folder):
            raise InputError(
                f"{folder / 'source'} and {MANIFEST} differ in scene {min(differing)}; run realdof build again, or "
                "run on what there is with --dataset folder"
            )
        return [Entry(name, path, target=paired[name]) for name, path in sources.items()]

    def check(self, headers: Mapping[str, Header]) -> None:
        """Check that the published images are at most 2376x1586, in landscape or portrait."""
        if self.is_built:
            return
        for name, header in headers.items():
            if sorted((header.height, header.width)) > sorted(LARGEST) or max(header.height, header.width) > LARGEST[1]:
                raise InputError(
                    f"{name} in {self._folder / 'source'} is {header.width}x{header.height}; RealDOF's images are "
                    f"{LARGEST[1]}x{LARGEST[0]} at most"
                )

    @property
    def _folder(self) -> Path:
        return find_layout(self.root, ("source", "target"), self.card.title)


def _scenes_of_build(folder: Path) -> set[str]:
    """Return the scenes that a build has kept: accepted and doubtful ones."""
    if not (folder / MANIFEST).is_file():
        raise InputError(f"{folder} has no {MANIFEST}: realdof build has not finished it; run it again")
    return {scene.name for scene in read_manifest(folder).scenes if Role.SOURCE in scene.outputs}
